"""The launch configurations mean what they say, to accelerate as well; files that it would misread are refused."""

from pathlib import Path

import pytest
import yaml
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils.launch import prepare_multi_gpu_env

from finetune.launch.launches import FOLDER, names, read_launch
from pipeline.errors import UserError
from pipeline.train_sections import LaunchName


def accelerates_environment(path: Path) -> dict[str, str]:
    """What accelerate makes of a file for the ranks, as `accelerate launch` does."""
    arguments = launch_command_parser().parse_args(["--config_file", str(path), "-m", "finetune.training"])
    arguments, _, _ = _validate_launch_command(arguments)
    return dict(prepare_multi_gpu_env(arguments))


def test_there_is_a_file_for_each_name_of_the_parameter() -> None:
    assert names() == sorted(LaunchName.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "processes", "machines", "shared", "groups"),
    [
        ("cpu", 1, 1, 1, 1),
        ("one-gpu", 1, 1, 1, 1),
        ("eight-gpus", 8, 1, 8, 1),
        ("two-nodes", 16, 2, 8, 2),
        ("four-nodes", 32, 4, 8, 4),
    ],
)
def test_each_says_who_shares_a_row(name: str, processes: int, machines: int, shared: int, groups: int) -> None:
    launch = read_launch(name)
    assert (launch.processes, launch.machines, launch.context_parallel, launch.groups) == (
        processes,
        machines,
        shared,
        groups,
    )


@pytest.mark.parametrize("name", ["eight-gpus", "two-nodes", "four-nodes"])
def test_accelerate_takes_from_it_what_is_read_here(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["accelerate"])
    launch = read_launch(name)
    found = accelerates_environment(launch.path)
    assert found["ACCELERATE_USE_FSDP"] == "true" and found["FSDP_VERSION"] == "2"
    assert found["FSDP_STATE_DICT_TYPE"] == "SHARDED_STATE_DICT"
    assert found["FSDP_ACTIVATION_CHECKPOINTING"] == str(launch.recomputed).lower() == "true"
    assert found["FSDP_ACTIVATION_CHECKPOINTING_OFFLOAD"] == str(launch.inputs_offloaded).lower() == "true"
    assert found["FSDP_OFFLOAD_PARAMS"] == str(launch.offloaded).lower() == "false"
    assert int(found["PARALLELISM_CONFIG_CP_SIZE"]) == launch.context_parallel
    assert int(found["PARALLELISM_CONFIG_DP_SHARD_SIZE"]) == launch.groups
    assert found["PARALLELISM_CONFIG_CP_COMM_STRATEGY"] == "allgather"


WRONG = {
    "MULTI_CPU starts one process": {"distributed_type": "MULTI_CPU"},
    "distributed_type DEEPSPEED is none": {"distributed_type": "DEEPSPEED"},
    "NO starts one process, and num_processes is 8": {"distributed_type": "NO"},
    "FSDP with use_cpu becomes plain data parallelism": {"use_cpu": True},
    "fsdp_version must be 2": {"fsdp_config": {"fsdp_version": 1}},
    "parallelism_config needs distributed_type FSDP": {"distributed_type": "MULTI_GPU"},
    "cp_size are left out by accelerate": {"parallelism_config": {"cp_size": 8}},
    "make 4 processes, and num_processes is 8": {"parallelism_config": {"parallelism_config_cp_size": 4}},
    "cannot be shared evenly by 3 machines": {"num_machines": 3},
    "tp_size and sp_size must be 1": {
        "parallelism_config": {"parallelism_config_cp_size": 4, "parallelism_config_tp_size": 2}
    },
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_accelerate_would_do_otherwise_is_refused(tmp_path: Path, sentence: str) -> None:
    told = yaml.safe_load((FOLDER / "eight-gpus.yaml").read_text(encoding="utf-8"))
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(told | WRONG[sentence]), encoding="utf-8")
    with pytest.raises(UserError, match=sentence):
        read_launch("mine", tmp_path)


def test_a_file_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mine.yaml is missing.*eight-gpus"):
        read_launch("mine", tmp_path)


@pytest.mark.parametrize("text", [b"a: [", b"# \xe9", b"a: 2026-13-01", b"num_processes: 1\nnum_processes: 8"])
def test_a_broken_file_is_told(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "mine.yaml").write_bytes(text)
    with pytest.raises(UserError, match=r"mine\.yaml is not valid YAML: .*"):
        read_launch("mine", tmp_path)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").mkdir()
    with pytest.raises(UserError, match=r"mine\.yaml cannot be read: Is a directory"):
        read_launch("mine", tmp_path)


MISTYPED = {
    "": "the file has to be keys with their values, and is empty",
    "- a": "the file has to be keys with their values, and is ['a']",
    "num_machines: 0": "num_machines has to be a whole number, 1 or more, and is 0",
    "num_processes: 0": "num_processes has to be a whole number, 1 or more, and is 0",
    "num_processes: -8": "num_processes has to be a whole number, 1 or more, and is -8",
    "num_processes: eight": "num_processes has to be a whole number, 1 or more, and is 'eight'",
    "num_processes: 1.5": "num_processes has to be a whole number, 1 or more, and is 1.5",
    "num_processes: true": "num_processes has to be a whole number, 1 or more, and is true",
    "num_processes:": "num_processes has to be a whole number, 1 or more, and is empty",
    "use_cpu: 1": "use_cpu has to be true or false, without quotes, and is 1",
    "distributed_type: NO": "distributed_type has to be a text, and is false; YAML takes NO without quotes for that",
    "fsdp_config: [a]": "fsdp_config has to be keys with their values, and is ['a']",
    "fsdp_config: {fsdp_version: two}": "fsdp_config.fsdp_version has to be a whole number, 1 or more, and is 'two'",
    "fsdp_config: {fsdp_offload_params: 'false'}": "fsdp_config.fsdp_offload_params has to be true or false, without "
    "quotes, and is 'false'",
    "parallelism_config: {parallelism_config_cp_size: 0}": "parallelism_config.parallelism_config_cp_size has to be a whole number, 1 or "
    "more, and is 0",
}


@pytest.mark.parametrize("text", MISTYPED)
def test_a_value_that_is_mistyped_is_told_by_file_and_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as told:
        read_launch("mine", tmp_path)
    assert str(told.value) == f"{path}: {MISTYPED[text]}"


def test_all_that_is_mistyped_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("num_machines: 0\nnum_processes: 0\nuse_cpu: 'yes'", encoding="utf-8")
    with pytest.raises(UserError) as told:
        read_launch("mine", tmp_path)
    assert [line.split()[1] for line in str(told.value).splitlines()] == ["use_cpu", "num_machines", "num_processes"]
