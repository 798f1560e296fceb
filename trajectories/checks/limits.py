"""The parameters of the checks, and what is known of the query that a session is held against."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from pipeline.masking.found import Kind
from pipeline.masking.mask import KINDS
from pipeline.sections import NonNegative, Positive, Section
from pipeline.trajectory_sections import Severity, Share

# What pipeline/text_language can tell: the languages of py3langid's model.
LANGUAGES = frozenset(
    """
    ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr fuv fy ga gcf gcr gd gl
    gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko ku ky la lb lg lij ln lo lt ltg lv mg mk ml mn
    mr ms mt my ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru rw sa sdh se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug
    uk ur uz uzs vec vi vo wa wuu xh yo yue zh zu zxx
    """.split()
)


class Limits(Section):
    """How strict the checks are."""

    severity: dict[str, Severity] = Field(
        default={},
        description="rule -> refused, flagged or off, where it shall differ from the rule's own",
    )
    kinds: list[Kind] = Field(
        default=list(KINDS), description="kinds of secrets and personal data that must not stand in it"
    )
    most_tokens: NonNegative = Field(
        default=152_000, description="of the rendered export; more is refused, as a trainer would cut it; 0: no limit"
    )
    languages: list[str] = Field(default=["en"], description="allowed languages, ISO 639-1; none allows all")
    repeats: Annotated[int, Field(ge=2)] = Field(
        default=3, description="as many times the same calls in a row, or the same few in turn, are a loop"
    )
    failures: Annotated[int, Field(ge=2)] = Field(default=5, description="as many failed commands in a row are marked")
    gold_line: Positive = Field(
        default=12, description="an added line of the pull request counts from so many characters on, blanks left out"
    )
    gold_most: Positive = Field(default=3, description="the human may have given fewer of its lines than this, and")
    gold_share: Share = Field(default=0.2, description="less than this share of them")
    back_in_time: NonNegative = Field(
        default=1, description="seconds that a step may seem to begin before the one that it follows"
    )


@dataclass(frozen=True)
class Known:
    """What is known of the session's query from elsewhere; what is empty is not checked."""

    query: str = ""
    query_sha256: str = ""
    base_commit: str = ""
    patch: str = ""
