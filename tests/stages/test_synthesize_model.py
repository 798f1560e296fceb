"""The stage that writes queries with a model, as a user runs it, against a server of the model API that nobody here wrote."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.query_tables import DRAFTS, QUERIES
from pipeline.tables import LEDGER, SAMPLED
from tests.conftest import Project
from tests.pipeline.synthesis.rows import ACCEPTS, WRITTEN
from tests.pipeline.synthesis.samples import sampled
from tests.servers.model.server import ModelServer

KEY = "sk-the-key-that-nobody-may-see-0123456789"
USAGE = {"prompt_tokens": 2_000, "completion_tokens": 300, "total_tokens": 2_300}
WRITER, JUDGE = "Write the request for this change", "Judge the request together"
ANSWERS = [
    {"match": {"userMessage": asked}, "response": {"content": json.dumps(said), "usage": USAGE}}
    for asked, said in ((WRITER, WRITTEN), (JUDGE, ACCEPTS))
]
COST = 2_000 * 1.25e-6 + 300 * 10e-6  # dollars, of gpt-5
OUTPUTS = ("data/queries.parquet", "data/drafts.parquet", "data/ledger/synthesize.parquet", "metrics/synthesize.json")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(keys=[KEY]) as running:
        yield running


@pytest.fixture
def asking(project: Project, server: ModelServer) -> Project:
    """A project with three sampled pull requests, whose queries a model writes and judges twice."""
    server.start(ANSWERS)
    project.edit("https://api.openai.com/v1", server.base_url)
    project.edit("writer: template", "writer: model")
    project.edit("judgements: 0", "judgements: 2")
    SAMPLED.write(SAMPLED.frame([sampled(number) for number in (1, 2, 3)]), project.folder / "data/sampled.parquet")
    return project


def run(project: Project, key: str = KEY) -> subprocess.CompletedProcess[str]:
    return project.run("stages.synthesize", OPENAI_API_KEY=key)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_pull_request_gets_a_query_and_its_judgements_once(asking: Project, server: ModelServer) -> None:
    done = run(asking)
    assert done.returncode == 0, done.stderr
    queries = QUERIES.read(asking.folder / "data/queries.parquet")
    assert queries["query"].to_list() == [WRITTEN["query"]] * 3
    assert queries["judgements"].to_list() == [2] * 3
    assert queries["judges_agree"].to_list() == [1.0] * 3
    assert all(name.startswith("gpt-5 writer/1 (") for name in queries["writer"])
    assert queries["cost_usd"].to_list() == pytest.approx([3 * COST] * 3)
    drafts = DRAFTS.read(asking.folder / "data/drafts.parquet")
    assert sorted(drafts["calls"].list.len()) == [3, 3, 3]
    assert drafts["calls"].explode().n_unique() == 9
    assert LEDGER.read(asking.folder / "data/ledger/synthesize.parquet")["fate"].to_list() == ["kept"] * 3
    told = json.loads((asking.folder / "metrics/synthesize.json").read_text())
    assert (told["calls"], told["judged"], told["repeats"]) == (9, 3, 2)
    assert (told["accepted"], told["cost_per_accepted_usd"]) == (1, pytest.approx(9 * COST))  # the others repeat it
    assert "9 calls, 0 from the store" in done.stderr
    assert len(server.journal()) == 9


def test_the_same_again_asks_nothing_and_writes_the_same_bytes(asking: Project, server: ModelServer) -> None:
    assert run(asking).returncode == 0
    first = {name: (asking.folder / name).read_bytes() for name in OUTPUTS}
    asked = len(server.journal())
    again = run(asking)
    assert "0 calls, 9 from the store" in again.stderr
    assert {name: (asking.folder / name).read_bytes() for name in OUTPUTS} == first
    assert len(server.journal()) == asked


def test_the_key_is_sent_and_is_in_no_file_and_no_message(asking: Project, server: ModelServer) -> None:
    said = run(asking)
    assert said.returncode == 0  # the server takes this key alone, so it was sent
    doctor = asking.run("limi", "doctor", OPENAI_API_KEY=KEY)
    plan = asking.run("limi", "plan", OPENAI_API_KEY=KEY)
    written = files(asking.folder)
    assert ".limi/model/calls.sqlite" in written
    assert [name for name, content in written.items() if KEY.encode() in content] == []
    assert not any(KEY in text for done in (said, doctor, plan) for text in (done.stdout, done.stderr))


def test_a_wrong_key_is_one_sentence_and_leaves_the_data_whole(asking: Project, server: ModelServer) -> None:
    assert run(asking).returncode == 0
    before = {name: (asking.folder / name).read_bytes() for name in OUTPUTS}
    asking.edit("max_output_tokens: 8192", "max_output_tokens: 8000")
    refused = run(asking, key="sk-of-somebody-else")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr and "sk-of-somebody-else" not in refused.stderr
    assert "OPENAI_API_KEY" in refused.stderr
    assert {name: (asking.folder / name).read_bytes() for name in OUTPUTS} == before


def test_without_a_key_nothing_is_asked_elsewhere(asking: Project, server: ModelServer) -> None:
    asking.edit(server.base_url, "https://api.openai.com/v1")
    done = run(asking, key="")
    assert done.returncode == 2
    assert "OPENAI_API_KEY is not set" in done.stderr
    assert not (asking.folder / "data/queries.parquet").exists()
    assert "OPENAI_API_KEY is not set" in asking.run("limi", "doctor", OPENAI_API_KEY="").stdout


def test_a_cap_stops_the_run_and_a_higher_one_lets_it_go_on(asking: Project, server: ModelServer) -> None:
    asking.edit("max_usd: 25.0", "max_usd: 0.1")
    asking.edit("concurrency: 32", "concurrency: 1")
    stopped = run(asking)
    assert stopped.returncode == 2
    assert "model.max_usd" in stopped.stderr and "left" in stopped.stderr
    asked = len(server.journal())
    assert 0 < asked < 9
    asking.edit("max_usd: 0.1", "max_usd: 1.0")
    assert run(asking).returncode == 0
    assert len(server.journal()) == 9  # and not nine more


def test_the_plan_says_what_is_to_be_paid_and_asks_nothing(asking: Project, server: ModelServer) -> None:
    plan = asking.run("limi", "plan")
    assert plan.returncode == 0, plan.stderr
    assert "9 requests in the first round; 0 are answered already, 9 are to be paid" in plan.stdout
    assert server.journal() == []
    assert run(asking).returncode == 0
    again = asking.run("limi", "plan").stdout
    assert "9 requests in the first round; 9 are answered already, 0 are to be paid" in again
    spent = f"{9 * COST:.4f} dollars are spent"
    assert spent in again


def test_if_no_reply_can_be_used_the_stage_fails_and_the_replies_are_kept(asking: Project, server: ModelServer) -> None:
    server.start(
        [
            {"match": {"userMessage": WRITER}, "response": {"content": '{"query": 7}', "usage": USAGE}},
            {"match": {"userMessage": "That answer cannot be used"}, "response": {"content": "{}", "usage": USAGE}},
        ]
    )
    done = run(asking)
    assert done.returncode == 1
    assert "not one of 3 queries could be written (the last: not_valid" in done.stderr
    fates = LEDGER.read(asking.folder / "data/ledger/synthesize.parquet")
    assert fates.select("fate", "reason").unique().rows() == [("failed", "not_valid")]
    drafts = DRAFTS.read(asking.folder / "data/drafts.parquet")
    assert drafts["raw"].to_list() == ["{}"] * 3
    assert drafts["calls"].list.len().to_list() == [2] * 3
    assert len(server.journal()) == 6


def test_a_row_that_fails_among_others_is_told(asking: Project, server: ModelServer) -> None:
    of_one = {"match": {"userMessage": "Handle empty input 2\n"}, "response": {"content": "no", "usage": USAGE}}
    again = {"match": {"userMessage": "That answer cannot be used"}, "response": {"content": "no", "usage": USAGE}}
    server.start([again, of_one, *ANSWERS])
    done = run(asking)
    assert done.returncode == 0, done.stderr
    assert "1 of 3 queries failed" in done.stderr
    fates = LEDGER.read(asking.folder / "data/ledger/synthesize.parquet")
    assert fates.filter(fates["fate"] == "failed").select("pr_id", "reason").rows() == [("acme/parser#2", "not_json")]


def test_a_judge_whose_price_is_not_known_is_told_before_anything_is_paid(asking: Project, server: ModelServer) -> None:
    asking.edit(server.base_url, "https://models.example/v1")
    asking.edit('judge: ""', "judge: our-own")
    done = run(asking)
    assert done.returncode == 2
    assert "our-own" in done.stderr
    assert server.journal() == []
