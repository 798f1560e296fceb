"""`limi train push`: the model of the plan that lies there goes to the Hub as one commit and a tag, or nothing does."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from finetune.plan import Plan, write_plan
from finetune.runs.manifest import write_manifest
from limi.train_push import show_push
from pipeline.errors import UserError
from pipeline.files import sha256_text
from pipeline.masking.secrets import secrets
from tests.conftest import ROOT
from tests.curated.hub.pushing import hashes, on_hub
from tests.finetune.made import train
from tests.servers.hub import TOKEN, HubServer
from tests.servers.hub.configured import by_lfs

# huggingface_hub 2.4 sends large files in a way that its own HTTP library has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
NAME = "amara/agent"
ROWS = "rows, as they were trained on"


def a_plan(name: str = "demo") -> Plan:
    told = {"rows": 1, "tokens": 9, "loss_tokens": 5, "steps": 1, "processes": 1, "context_parallel": 1, "seed": 1}
    places = {
        "base_weights": "",
        "file_rows": 1,
        "dropped": 0,
        "file_sha256": sha256_text(ROWS),
        "prepared": "p",
        "prepared_sha256": "",
        "output": "model",
        "plots": "plots",
        "metrics": "m",
    }
    return Plan.model_validate({"train": train(base={"name": name}).model_dump()} | told | places)


def trained(plan: Plan) -> Path:
    """A clone where everything is committed, with a model as a run leaves it."""
    write_plan(Path("model/plan.json"), plan)
    Path(plan.train.rows.file).parent.mkdir()
    Path(plan.train.rows.file).write_text(ROWS)
    params = yaml.safe_load((ROOT / "profiles/limi.yaml").read_text())
    Path("params.yaml").write_text(yaml.safe_dump(params | {"train": plan.train.model_dump(), "seed": plan.seed}))
    final = plan.final
    final.mkdir(exist_ok=True)
    (final / "README.md").write_text("---\nlibrary_name: transformers\n---\n# A model\n")
    (final / "config.json").write_text('{"model_type": "qwen3"}\n')
    (final / "chat_template.jinja").write_text("{{ messages }}\n")
    (final / "tokenizer.json").write_text('{"vocab": {"ghp_' + "a1B2" * 9 + '": 1}}\n')
    (final / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    write_manifest(final, plan)
    return final


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    Path(".gitignore").write_text("/model/\n/sft/\n/params.yaml\n")
    for command in (("init", "-q"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")):
        subprocess.run(["git", *command], check=True)
    with HubServer(tmp_path / "hub") as server, by_lfs(server.url, tmp_path / "home"):
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def push(tag: str = "v1.0", public: bool = False, allow_demo: bool = False, send: bool = True) -> bool:
    return show_push(NAME, tag, public, allow_demo, send)


def test_a_model_goes_as_one_commit_into_a_private_repository_for_models(
    server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    final = trained(a_plan("Qwen/Qwen3-8B"))
    assert push()
    state = server.dataset(NAME)
    assert (state.kind, state.private) == ("model", True)
    assert on_hub(state, state.commit(state.head)) == hashes(final)
    assert state.tags == {"v1.0": state.head}
    said = capsys.readouterr().out
    assert f"{server.url}/{NAME} (private: only its owner sees it)" in said
    assert "tag v1.0 was set" in said


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(
    server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(a_plan("Qwen/Qwen3-8B"))
    assert push(send=False)
    assert server.store.repository(NAME) is None
    said = capsys.readouterr().out
    assert "add    model.safetensors (2048 bytes)" in said
    assert "nothing was sent; --send sends it" in said


def test_a_demo_goes_only_if_asked_for(server: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    trained(a_plan())
    assert not push()
    assert "refused: this is the demo's model" in capsys.readouterr().out
    assert server.store.repository(NAME) is None
    assert push(allow_demo=True)


def refused(capsys: pytest.CaptureFixture[str], server: HubServer) -> str:
    assert not push()
    assert server.store.repository(NAME) is None
    return capsys.readouterr().out


def test_a_model_of_another_plan_than_the_one_that_lies_there_is_refused(
    server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_plan("Qwen/Qwen3-8B")
    trained(plan)
    write_plan(Path("model/plan.json"), plan.model_copy(update={"seed": 2}))
    assert "model/final is not the model of model/plan.json; run `limi train`" in refused(capsys, server)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("rows", "origin", "pull_request"),
        ("rows", "samples", 10),
        ("optimizer", "learning_rate", 0.5),
        ("", "seed", 9),
        ("base", "name", "Qwen/Qwen3-4B"),
    ],
)
def test_an_ablation_whose_parameters_were_taken_back_is_refused(
    server: HubServer, capsys: pytest.CaptureFixture[str], section: str, key: str, value: object
) -> None:
    plan = a_plan("Qwen/Qwen3-8B")
    trained(plan)
    params = yaml.safe_load(Path("params.yaml").read_text())
    (params["train"][section] if section else params)[key] = value
    Path("params.yaml").write_text(yaml.safe_dump(params))
    said = refused(capsys, server)
    assert "model/final was trained by other parameters than params.yaml has now, as after an ablation" in said


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (ROWS + " and one more", "has changed since model/final was trained on it; run `limi train`"),
        (None, "is missing, which model/final was trained on; `dvc pull`"),
    ],
)
def test_rows_that_are_others_than_it_was_trained_on_are_refused(
    server: HubServer, capsys: pytest.CaptureFixture[str], rows: str | None, sentence: str
) -> None:
    plan = a_plan("Qwen/Qwen3-8B")
    trained(plan)
    file = Path(plan.train.rows.file)
    file.unlink()
    if rows is not None:
        file.write_text(rows)
    assert f"refused: {file} {sentence}" in refused(capsys, server)


def test_another_launch_than_the_one_it_was_trained_by_changes_nothing(server: HubServer) -> None:
    trained(a_plan("Qwen/Qwen3-8B"))
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["train"]["hardware"]["host_memory_gb"] = 7
    Path("params.yaml").write_text(yaml.safe_dump(params))
    assert push()


def test_what_is_not_committed_is_refused(server: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    trained(a_plan("Qwen/Qwen3-8B"))
    Path("stray.txt").write_text("x")
    assert "not all is committed (stray.txt)" in refused(capsys, server)


@pytest.mark.parametrize("name", ["training_args.bin", "modeling.py", "weights.pt"])
def test_what_would_be_run_by_who_loads_it_is_refused(
    server: HubServer, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    plan = a_plan("Qwen/Qwen3-8B")
    (trained(plan) / name).write_bytes(b"x")
    write_manifest(plan.final, plan)
    assert f"{name} is none of the files that a model is loaded from" in refused(capsys, server)


def test_a_model_without_weights_is_refused(server: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    plan = a_plan("Qwen/Qwen3-8B")
    (trained(plan) / "model.safetensors").unlink()
    write_manifest(plan.final, plan)
    assert "it has no weights" in refused(capsys, server)


def test_a_file_that_changed_since_it_was_written_is_refused(
    server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (trained(a_plan("Qwen/Qwen3-8B")) / "model.safetensors").write_bytes(b"other")
    assert "model.safetensors is not as manifest.json says" in refused(capsys, server)


def test_a_secret_in_what_people_read_is_refused_and_not_shown(
    server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, secret = a_plan("Qwen/Qwen3-8B"), "ghp_" + "a1B2" * 9
    assert list(secrets(secret)), "the vocabulary of the other tests holds it too, and it is no reason there"
    (trained(plan) / "README.md").write_text(f"# A model\n\n{secret}\n")
    write_manifest(plan.final, plan)
    said = refused(capsys, server)
    assert "README.md holds what looks like a secret (line 3)" in said
    assert secret not in said


def test_without_a_plan_nothing_was_trained(server: HubServer) -> None:
    with pytest.raises(UserError, match=r"model/plan\.json is missing"):
        push()


def test_without_a_manifest_the_model_is_not_whole(server: HubServer) -> None:
    (trained(a_plan("Qwen/Qwen3-8B")) / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"so the model is not complete; write the model again \(dvc repro train\)"):
        push()


def test_a_dataset_of_the_same_name_is_not_touched(server: HubServer) -> None:
    server.store.create(NAME, True, "amara", "2026-01-01T00:00:00.000Z")
    trained(a_plan("Qwen/Qwen3-8B"))
    before = server.dataset(NAME).head
    with pytest.raises(UserError):
        push()
    assert server.dataset(NAME).head == before
