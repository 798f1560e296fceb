"""The scripts of finetune/cluster and the ablations do what they say, run in bash with stand-ins for SLURM's and DVC's commands."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import yaml

from tests.conftest import ROOT, Repository
from tests.finetune.made import train
from tests.finetune.preflight.made import write_rows

PYTHON = '#!/bin/bash\necho "$@" >> launched; {rank}\n'
# As srun does: each task is a shell with a number of its own; an end other than 0 kills the others, and is what srun ends with.
SRUN = r"""#!/bin/bash
printf '%s\n' "$@" > srun.arguments
while [ "$1" != bash ]; do shift; done
SLURM_NODEID=0 setsid "$@" & first=$!
SLURM_NODEID=1 setsid "$@" & second=$!
while [ -n "$(jobs -pr)" ] && [ "$(wc -l < launched)" -lt 2 ]; do sleep 0.05; done
[ ! -e terminate ] || { sleep 0.2; kill -TERM -- -$first -$second; }
wait -n; code=$?
[ $code -eq 0 ] || kill -KILL -- -$first -$second 2>/dev/null
wait $first; one=$?; wait $second; two=$?
exit $(( one > two ? one : two ))
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """A project's folder whose commands are stand-ins that write down what they were asked for."""
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    (tmp_path / "model").mkdir()
    for name, text in {
        "activate": f"PATH={programs}:$PATH\n",
        "scontrol": '#!/bin/bash\n[ "$1" = show ] && echo node-0 || echo "$@" >> requeued\n',
        "limi": "#!/bin/bash\ntouch model/plan.json\n",
        "srun": SRUN,
    }.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    (tmp_path / "launched").touch()
    return tmp_path


SAVES = "mkdir -p model/checkpoints/a/checkpoint-1; touch model/checkpoints/a/checkpoint-1/complete.json; "


def submit(cluster: Path, rank: str, hours: int = 12) -> int:
    """Run the job; `rank` is what a launcher does, in bash."""
    python = cluster / ".venv/bin/python"
    python.write_text(PYTHON.format(rank=rank), encoding="utf-8")
    python.chmod(0o755)
    job = {"SLURM_JOB_ID": "77", "SLURM_JOB_NODELIST": "x", "SLURM_NNODES": "2", "SLURM_CPUS_PER_TASK": "96"}
    job |= {"SLURM_JOB_START_TIME": "1700000000", "SLURM_JOB_END_TIME": str(1_700_000_000 + 3_600 * hours)}
    script = ["bash", str(ROOT / "finetune/cluster/slurm.sh")]
    return subprocess.run(script, cwd=cluster, env=os.environ | job, timeout=60, check=False).returncode


def test_each_node_gets_its_number_the_number_of_nodes_and_its_cpus(cluster: Path) -> None:
    assert submit(cluster, "exit 0") == 0
    said = sorted((cluster / "launched").read_text(encoding="utf-8").splitlines())
    assert [f"--machine-rank {rank} --machines 2 --address node-0 --port 20077" in said[rank] for rank in (0, 1)] == [
        True,
        True,
    ]
    assert "--cpus-per-task=96" in (cluster / "srun.arguments").read_text(encoding="utf-8").splitlines()
    assert not (cluster / "requeued").exists()


def test_a_job_that_is_stopped_saves_on_all_nodes_and_queues_itself_again(cluster: Path) -> None:
    # The second node takes longer to save; the first one's exit code 75 must not have it killed.
    (cluster / "terminate").touch()
    rank = f'trap "sleep $SLURM_NODEID; {SAVES} touch saved-$SLURM_NODEID; exit 75" TERM; while :; do sleep 0.05; done'
    assert submit(cluster, rank) == 0
    assert {path.name for path in cluster.glob("saved-*")} == {"saved-0", "saved-1"}
    assert (cluster / "requeued").read_text(encoding="utf-8") == "requeue 77\n"
    assert not list((cluster / "model").glob("stopped*"))


@pytest.mark.parametrize(
    "rank",
    [
        f"{SAVES} exit 1",
        f"{SAVES} [ $SLURM_NODEID = 0 ] && exit 75; sleep 0.5; exit 1",  # one node saved and the other did not
        "exit 75",  # stopped before there was anything to save
    ],
)
def test_a_job_that_failed_or_saved_nothing_is_not_queued_again(cluster: Path, rank: str) -> None:
    old = cluster / "model/checkpoints/a/checkpoint-0/complete.json"
    old.parent.mkdir(parents=True)
    old.touch()
    os.utime(old, (1_700_000_000, 1_700_000_000))
    assert submit(cluster, rank) != 0
    assert not (cluster / "requeued").exists() and not list((cluster / "model").glob("stopped*"))


def test_a_time_limit_that_leaves_no_time_before_the_signal_is_refused(cluster: Path) -> None:
    assert submit(cluster, "exit 0", hours=1) == 2
    assert not (cluster / "launched").read_text(encoding="utf-8") and not (cluster / "model/plan.json").exists()


def test_steps_of_the_longest_rows_fit_between_the_signal_and_the_end() -> None:
    text = (ROOT / "finetune/cluster/slurm.sh").read_text(encoding="utf-8")
    seconds = int(text.split("--signal=TERM@")[1].split()[0])
    parameters, tokens, rows = 32.8e9, 152_000, 64
    passes = rows * (6 * parameters * tokens + 6 * 64 * 8192 * tokens**2) * 4 / 3  # computed again
    assert seconds > 2 * passes / (16 * 400e12)


DVC = r"""#!/bin/bash
touch {programs}/there {programs}/refused
[ "$2" = list ] && exec cat {programs}/there
echo "$@" >> {programs}/asked
grep -qx -- "$4" {programs}/refused && exit 1
echo "$4" >> {programs}/there
"""


def ablate(folder: Path, *rows: str) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", str(ROOT / "finetune/ablations.sh"), *(rows or ("1",))],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"PATH": f"{folder / '.git/programs'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A commit after `dvc repro train`: parameters, metrics, and the lock that has their hash."""
    made = Repository(tmp_path / "project")
    metrics = made.path / "metrics/train.json"
    metrics.parent.mkdir()
    metrics.write_text('{"loss_tokens": 1234}', encoding="utf-8")
    held = [{"path": "metrics/train.json", "md5": hashlib.md5(metrics.read_bytes()).hexdigest()}]  # noqa: S324 - DVC's
    lock = yaml.safe_dump({"schema": "2.0", "stages": {"train": {"cmd": "train", "outs": held}}})
    made.commit("Train", {"params.yaml": (ROOT / "params.yaml").read_text(encoding="utf-8"), "dvc.lock": lock})
    programs = made.path / ".git/programs"
    programs.mkdir()
    # What is named in `refused` it does not train.
    (programs / "dvc").write_text(DVC.format(programs=programs), encoding="utf-8")
    (programs / "dvc").chmod(0o755)
    names = [f"{origin}-{number}" for origin in ("asked", "pull") for number in range(3)]
    rows = made.path / train().rows.file
    rows.parent.mkdir()
    write_rows(rows, dict.fromkeys(names, 5))
    table = pl.read_parquet(rows).with_columns(pr_id=pl.col("trajectory_id").str.extract("^(pull-.*)$"))
    table.write_parquet(rows)
    (programs / "python").write_text(f'#!/bin/bash\nexec {sys.executable} "$@"\n', encoding="utf-8")
    (programs / "python").chmod(0o755)
    return made.path


def test_experiments_are_as_long_as_the_committed_run_on_all_rows(trained: Path) -> None:
    assert ablate(trained) == (0, "")
    asked = asked_of(trained)
    names = ["rows-1", "rows-1-as-long", "all-in-batches-of-1", "only-real_world", "only-pull_request"]
    assert [line.split()[3] for line in asked] == names
    assert ["train.schedule.loss_tokens=1234" in line for line in asked] == [False, True, True, True, True]
    assert ["train.schedule.global_batch=1 " in line for line in asked] == [False, False, True, False, False]


def test_origins_with_fewer_rows_than_a_batch_have_all_rows_in_batches_as_small(trained: Path) -> None:
    batches_of(trained, 64)
    assert ablate(trained, "1") == (
        0,
        "all-in-batches-of-3 is there already; `dvc exp remove all-in-batches-of-3` has it made anew\n",
    )
    asked = asked_of(trained)
    assert [line.split()[3] for line in asked][3:] == ["only-real_world", "all-in-batches-of-3", "only-pull_request"]
    assert "train.rows.origin=all " in asked[4] and "train.schedule.global_batch=3 " in asked[4]


def test_a_round_that_broke_off_is_gone_on_with(trained: Path) -> None:
    (trained / ".git/programs/there").write_text("rows-1\nrows-1-as-long\nonly-real_world\n", encoding="utf-8")
    batches_of(trained, 64)
    code, said = ablate(trained)
    assert code == 0 and said.count("is there already") == 4  # the last as both origins have as many rows
    names = ["all-in-batches-of-1", "all-in-batches-of-3", "only-pull_request"]
    assert [line.split()[3] for line in asked_of(trained)] == names


def test_an_experiment_that_is_refused_ends_no_round(trained: Path) -> None:
    refused = ("rows-1", "rows-1-as-long", "all-in-batches-of-1", "only-real_world")
    (trained / ".git/programs/refused").write_text("\n".join(refused), encoding="utf-8")
    code, said = ablate(trained, "1", "2")
    assert code == 0 and "no training on all rows in batches of 1: see above" in said
    assert "no training on real_world alone: see above" in said
    assert "no training on 1 rows: see above" in said and "no training on 1 rows as long as on all: see above" in said
    assert [line.split()[3] for line in asked_of(trained)][3:] == [
        "rows-2",
        "rows-2-as-long",
        "only-real_world",
        "only-pull_request",
    ]


def asked_of(trained: Path) -> list[str]:
    """The experiments that DVC was asked to run, refused ones too."""
    return (trained / ".git/programs/asked").read_text(encoding="utf-8").splitlines()


def batches_of(trained: Path, rows: int) -> None:
    """Commit other batches."""
    text = (trained / "params.yaml").read_text(encoding="utf-8").replace("global_batch: 2", f"global_batch: {rows}")
    (trained / "params.yaml").write_text(text, encoding="utf-8")
    commit(trained)


def commit(trained: Path) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-qam", "x"], cwd=trained, check=True
    )


@pytest.mark.parametrize(
    ("path", "changed", "sentence"),
    [
        ("params.yaml", lambda text: text.replace("samples: 0", "samples: 1"), "params.yaml or dvc.lock are not those of the commit"),
        ("metrics/train.json", lambda _: '{"loss_tokens": 9}', "is not of the training that is committed; `dvc checkout"),
        ("dvc.lock", lambda _: None, "params.yaml or dvc.lock are not those"),
    ],
)  # fmt: skip
def test_figures_of_another_run_than_the_committed_one_are_refused(
    trained: Path, path: str, changed: Callable[[str], str | None], sentence: str
) -> None:
    text = changed((trained / path).read_text(encoding="utf-8"))
    (trained / path).unlink() if text is None else (trained / path).write_text(text, encoding="utf-8")
    code, said = ablate(trained)
    assert code and sentence in said and not (trained / ".git/programs/asked").exists()


def test_a_committed_run_on_some_rows_is_no_measure_for_the_others(trained: Path) -> None:
    text = (trained / "params.yaml").read_text(encoding="utf-8").replace("samples: 0", "samples: 1")
    (trained / "params.yaml").write_text(text, encoding="utf-8")
    commit(trained)
    code, said = ablate(trained)
    assert code and "the run that is committed is not on all rows by epochs" in said
