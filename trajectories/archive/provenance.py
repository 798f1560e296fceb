"""Where a session comes from: its query, who recorded it and in what, how it ended, and what its source did not tell."""

from typing import Annotated, Literal

from pydantic import Field

from trajectories.archive.values import (
    Commit,
    Count,
    ExitCode,
    Extra,
    FileName,
    Identifier,
    Kept,
    Many,
    Name,
    PullId,
    Record,
    Sha256,
    Text,
    Time,
)


class Collector(Record):
    """The program that wrote this file: what recorded the session, or what imported it."""

    name: Name = Field(description="such as limi-curation")
    version: Name = Field(description="its version")


class Environment(Record):
    """Where the agent's commands ran."""

    sandbox: Literal["container", "bubblewrap", "none"] = Field(description="none is the user's own account")
    image: Name | None = Field(default=None, description="the container's image, best with its digest")


class CheckRun(Record):
    """One check of success that was run."""

    name: Name = Field(description="what is checked; the same name each time it is run")
    passed: bool = Field(description="whether it passed")
    round: Annotated[Count, Field(ge=1)] = Field(description="after which round it ran, from 1")
    command: Text | None = Field(default=None, description="the command, if it was one")
    exit_code: ExitCode | None = Field(default=None, description="of the command")
    output: Text | None = Field(default=None, description="what it printed, or what the person who checked noted")
    at: Time | None = Field(default=None, description="when it ran")


class Outcome(Record):
    """How the session ended."""

    success: bool | None = Field(default=None, description="whether the query was solved; absent if nobody said so")
    checks: Annotated[tuple[CheckRun, ...], Many] = Field(default=(), description="every check that was run, in order")
    ended: Name | None = Field(default=None, description="how it ended in the collector's own word, such as Submitted")
    submission: Text | None = Field(
        default=None, description="what the agent handed in at the end, where that is told apart"
    )


class Source(Record):
    """The file that a session was imported from."""

    format: Name = Field(description="the importer's name of the format, with its version where it has one")
    file: FileName = Field(description="the file's name")
    sha256: Sha256 = Field(description="of the file's bytes")
    row: Annotated[Count, Field(ge=1)] | None = Field(default=None, description="which row of a file of many, from 1")


class Absence(Record):
    """One thing that the source did not tell. It is stated and left out, never guessed."""

    field: Name = Field(description="the archive's field, such as steps.reasoning_content")
    reason: Name = Field(description="why it is absent, in a sentence")


class Provenance(Kept):
    """`extra.limi` of a session."""

    format: Literal["limi-session 1"] = Field(description="version of what stands under limi")
    query_id: Identifier = Field(description="the query worked on")
    query_sha256: Sha256 = Field(description="of the query's text as it was then")
    collector: Collector = Field(description="the program that wrote this file")
    outcome: Outcome = Field(description="how the session ended")
    pr_id: PullId | None = Field(
        default=None, description="owner/name#number of the query's pull request; absent for real-world queries"
    )
    base_commit: Commit | None = Field(default=None, description="the commit that the work began at")
    environment: Environment | None = Field(default=None, description="where the agent's commands ran")
    source: Source | None = Field(
        default=None, description="what it was imported from; absent if it was recorded by our collector"
    )
    absent: Annotated[tuple[Absence, ...], Many] = Field(default=(), description="what the source did not tell")


class SessionExtra(Extra):
    """`extra` of a session."""

    limi: Provenance = Field(description="the session's provenance")
