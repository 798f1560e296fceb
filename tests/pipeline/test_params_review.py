"""Who reviews, and where, is refused in a sentence where it would let two people be one or a key travel in the clear."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import UserError
from pipeline.params import read_params
from pipeline.sections import Review

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = yaml.safe_load((ROOT / "profiles/demo.yaml").read_text(encoding="utf-8"))


def read(folder: Path, **fields: Any) -> Review:
    """The review section of the demo profile with these fields."""
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(DEMO | {"review": DEMO["review"] | fields}, sort_keys=False), encoding="utf-8")
    return read_params(path).review


def refused(folder: Path, **fields: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, **fields)
    sentence = str(caught.value)
    assert sentence.startswith(f"{folder / 'params.yaml'} line ")
    assert sentence.count(str(folder)) == 1  # one problem
    return sentence.rpartition("/params.yaml ")[2]


def people(*names: str) -> dict[str, str]:
    return {name: f"{name}@limi.example" for name in names}


def test_people_are_read_with_their_addresses(tmp_path: Path) -> None:
    review = read(tmp_path, annotators=people("ada", "bo-2"), adjudicators=people("erin"))
    assert review.annotators == {"ada": "ada@limi.example", "bo-2": "bo-2@limi.example"}
    assert review.adjudicators == {"erin": "erin@limi.example"}


def test_nobody_has_to_adjudicate(tmp_path: Path) -> None:
    assert read(tmp_path, adjudicators={}).adjudicators == {}


def test_the_judge_is_not_shown_in_any_profile() -> None:
    profiles = sorted((ROOT / "profiles").glob("*.yaml"))
    assert len(profiles) > 3
    assert [path.stem for path in profiles if read_params(path).review.show_judge] == []


def test_an_empty_list_of_annotators_is_refused(tmp_path: Path) -> None:
    assert "review.annotators: " in refused(tmp_path, annotators={})


def test_each_judgement_needs_another_annotator(tmp_path: Path) -> None:
    assert read(tmp_path, overlap=4).overlap == 4
    sentence = refused(tmp_path, overlap=5)
    assert sentence.endswith("review: overlap 5 needs as many annotators, there are 4")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Ada",
        "1ada",
        "-ada",
        "ada lovelace",
        "ada_l",
        "ada.l",
        "ädä",
        "ada\n",
        "a" * 32,
        "ada<b>",
        "../ada",
        "ada\u202e",
    ],
)
@pytest.mark.parametrize("role", ["annotators", "adjudicators"])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, role: str, name: str) -> None:
    known = {"annotators": people("bo", "chidi"), "adjudicators": {}}
    assert f"review.{role}" in refused(tmp_path, **(known | {role: known[role] | {name: "a@limi.example"}}))


@pytest.mark.parametrize("name", ["a", "a" * 31, "ada-l", "a1", "annotator-1"])
def test_a_name_of_small_letters_digits_and_hyphens_is_read(tmp_path: Path, name: str) -> None:
    assert name in read(tmp_path, annotators=people(name, "bo")).annotators


@pytest.mark.parametrize(
    "address",
    [
        *("", "ada", "@limi.example", "ada@", "ada@@limi.example", "a da@limi.example", "ada@limi example"),
        *("ada@limi.example\n", "ada\n@limi.example", "<ada@limi.example>", "'ada'@limi.example", "ada@limi/example"),
        *(
            "a@b@limi.example",
            "x" * 65 + "@limi.example",
            "ada@" + "x" * 191,
            "\U0001f600@limi.example\u202e",
            3,
            None,
            [],
        ),
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: Any) -> None:
    assert "review.annotators.ada: " in refused(tmp_path, annotators={"ada": address, **people("bo")})
    assert "review.adjudicators.erin: " in refused(tmp_path, adjudicators={"erin": address})


def test_an_address_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    text = (ROOT / "profiles/demo.yaml").read_text(encoding="utf-8").replace("bo@limi.example", "2")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    line = next(at for at, line in enumerate(text.splitlines(), 1) if line.endswith("bo: 2"))
    with pytest.raises(UserError, match=rf"params\.yaml line {line}: review\.annotators\.bo: .*, not 2$"):
        read_params(tmp_path / "params.yaml")


def test_nobody_decides_on_their_own_judgement(tmp_path: Path) -> None:
    both = {"annotators": people("ada", "bo", "zoe"), "adjudicators": {"bo": "other@limi.example"}}
    sentence = refused(tmp_path, **both)
    assert sentence.endswith("bo is an annotator and an adjudicator; nobody decides on their own judgement")


@pytest.mark.parametrize(
    ("annotators", "adjudicators"),
    [
        ({"ada": "a@limi.example", "bo": "a@limi.example"}, {}),
        ({"ada": "a@limi.example", "bo": "A@LIMI.example"}, {}),
        ({"ada": "a@limi.example", "bo": "b@limi.example"}, {"erin": "a@limi.example"}),
        ({"ada": "a@limi.example", "bo": "b@limi.example"}, {"erin": "B@limi.EXAMPLE"}),
        ({"ada": "a@limi.example", "bo": "b@limi.example"}, {"erin": "e@limi.example", "femi": "e@limi.example"}),
    ],
)
def test_two_people_have_two_addresses(
    tmp_path: Path, annotators: dict[str, str], adjudicators: dict[str, str]
) -> None:
    sentence = refused(tmp_path, annotators=annotators, adjudicators=adjudicators)
    assert sentence.endswith("review: two people have the same e-mail address")


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = yaml.safe_dump(DEMO, sort_keys=False)
    doubled = text.replace("    bo: bo@limi.example\n", "    bo: bo@limi.example\n    bo: other@limi.example\n")
    assert doubled != text
    (tmp_path / "params.yaml").write_text(doubled, encoding="utf-8")
    with pytest.raises(UserError, match="key 'bo' stands twice"):
        read_params(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    "server",
    [
        *("http://127.0.0.1:8080", "http://localhost:8080", "http://localhost", "https://labels.example.org"),
        *("https://labels.example.org:8443/review", "http://127.0.0.1:8080/"),
    ],
)
def test_a_server_on_this_machine_or_behind_tls_is_read(tmp_path: Path, server: str) -> None:
    assert read(tmp_path, server=server).server == server


@pytest.mark.parametrize(
    "server",
    [
        *(
            "http://labels.example.org",
            "http://192.168.1.4:8080",
            "http://localhost.evil.example",
            "http://127.0.0.1.nip.io",
        ),
        *(
            "https://user:password@labels.example.org",
            "http://user:password@127.0.0.1:8080",
            "https://token@labels.example",
        ),
        *("http://127.0.0.1@evil.example", "http://127.0.0.1:8080@evil.example", "https://labels.example.org?key=1"),
        *("https://labels.example.org#x", "https://", "https:///x", "ftp://127.0.0.1", "file:///etc", "127.0.0.1:8080"),
        *(
            "",
            "https://labels.example.org\n",
            "https://labels.example.org/a b",
            "https://labels.example.org\\@evil",
            None,
            8080,
        ),
        *("HTTP://labels.example.org", "javascript:alert(1)", "http://[::1]:8080", "https://lábels.example"),
    ],
)
def test_a_server_to_which_the_key_would_travel_in_the_clear_or_with_a_password_is_refused(
    tmp_path: Path, server: Any
) -> None:
    assert "review.server: " in refused(tmp_path, server=server)


@pytest.mark.parametrize(
    "project", ["", " LIMI", "-x", "x" * 31, "LIMI · ada", "LIMI\n", "<b>LIMI</b>", "LIMI\u202e", None, 3]
)
def test_a_title_that_is_none_is_refused(tmp_path: Path, project: Any) -> None:
    assert "review.project: " in refused(tmp_path, project=project)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        *(("overlap", value) for value in (0, -1, True, "2", 2.0, None)),
        *(("calibration", value) for value in (-1, True, "3", 3.0, None)),
        *(("show_judge", value) for value in (0, "false", None, [])),
        *(("annotators", value) for value in ([], "ada", None, ["ada"])),
        *(("adjudicators", value) for value in ([], "erin", None)),
        *(("export", value) for value in (3, None, [])),
    ],
)
def test_a_value_of_another_type_is_named(tmp_path: Path, key: str, wrong: Any) -> None:
    assert f"review.{key}: " in refused(tmp_path, **{key: wrong})


def test_nobody_has_to_be_calibrated(tmp_path: Path) -> None:
    assert read(tmp_path, calibration=0).calibration == 0
    assert read(tmp_path, calibration=10_000).calibration == 10_000


def test_a_hostile_value_is_refused_in_a_moment(tmp_path: Path) -> None:
    long = "a" * 20_000
    assert "review.server: " in refused(tmp_path, server=f"https://{long}/{long}?")
    assert "review.annotators.ada: " in refused(tmp_path, annotators={"ada": f"{long}@{long}", **people("bo")})
