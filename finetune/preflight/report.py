"""What the preflight found, as one record: model/preflight.json, and what the terminal tells of it."""

from pydantic import BaseModel, ConfigDict, Field

GIB = 2**30


class Counts(BaseModel):
    """Rows and tokens of one side of the check."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: int
    tokens: int


class OverLength(BaseModel):
    """A row that is longer than `train.rows.max_tokens`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    row_id: str
    tokens: int
    limit: int


class Report(BaseModel):
    """Everything that is known of a training before it starts. `refused` is empty when nothing stands against it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    template: str
    launch: str
    in_file: int = Field(description="rows of the file; read = those that train.rows.origin and samples take of them")
    read: Counts = Field(description="rows of the file that train.rows chooses, rendered and tokenized")
    kept: Counts = Field(description="of those, what is trained on; read = kept + over_length if these are dropped")
    over_length: list[OverLength]
    loss_tokens: int = Field(description="tokens of kept rows that carry loss")
    longest: int
    blanks: int = Field(
        description="characters at the ends of texts with loss that the template leaves out, in kept rows"
    )
    unended: int = Field(description="turns with loss that no token ends, in kept rows")
    seen_tokens: int = Field(description="tokens of the whole run, each as often as it is seen")
    seen_loss_tokens: int = Field(description="those of them that carry loss")
    steps: dict[str, float] = Field(
        description="per_epoch, total, epochs, rows_a_step, accumulation, warmup, first_rate, last_rate"
    )
    positions: dict[str, float] = Field(description="native, yarn_factor, reach")
    parameters: int = Field(description="of the model; 0 where its family is not known here")
    trained_parameters: int
    gpu_bytes: dict[str, int] = Field(description="memory of the fullest GPU (cpu: of the process) by term, estimated")
    host_bytes: dict[str, int] = Field(description="memory of one node by term, estimated")
    disk_bytes: dict[str, int] = Field(description="of one checkpoint, of the model in the end (final)")
    disks: dict[str, dict[str, int]] = Field(description="bytes needed at most and free, by a folder on each disk")
    told: list[str] = Field(description="what is worth knowing and stops nothing")
    refused: list[str] = Field(description="what must be mended first, one sentence each")

    def lines(self) -> list[tuple[str, str]]:
        """The report for a terminal, as names and what is said of them."""
        found = [
            ("model", f"{self.model}, {_number(self.parameters)} weights, {_number(self.trained_parameters)} trained"),
            ("rows", f"{self.kept.rows:,} of {self.read.rows:,}" + self._chosen()),
            ("tokens", f"{self.kept.tokens:,} of {self.read.tokens:,}; {self.loss_tokens:,} of them carry loss"),
            ("longest", f"{self.longest:,} tokens; the model reads {self.positions['reach']:,.0f}"),
        ]
        if self.steps:
            step = {name: f"{value:,g}" for name, value in self.steps.items()}
            found += [
                (
                    "steps",
                    f"{step['total']} ({step['epochs']} epochs of {step['per_epoch']}), {step['rows_a_step']} rows each",
                ),
                ("rate", f"{step['first_rate']} to {step['last_rate']}, {step['warmup']} steps of warmup"),
                ("to see", f"{self.seen_tokens:,} tokens; {self.seen_loss_tokens:,} of them carry loss"),
            ]
        if self.gpu_bytes:
            found += [
                ("a GPU" if self.launch != "cpu" else "a process", f"{_size(sum(self.gpu_bytes.values()))}, estimated:")
            ]
            most = sum(self.gpu_bytes.values())
            found += [("", f"{_size(size):>9} {name}") for name, size in self.gpu_bytes.items() if size >= most / 100]
            found += [("a node", f"{_size(sum(self.host_bytes.values()))} of main memory, estimated")]
        for folder, disk in self.disks.items():
            room = f"{_size(disk['needed'])} at most in {folder}, {_size(disk['free'])} free"
            found += [("disk", f"{room}; a checkpoint is {_size(self.disk_bytes['checkpoint'])}")]
        found += [("too long", f"{one.row_id}: {one.tokens:,} tokens of {one.limit:,}") for one in self.over_length]
        return [*found, *(("note", text) for text in self.told), *(("refused", text) for text in self.refused)]

    def _chosen(self) -> str:
        """Which part of the file was read, where that is not all of it."""
        if self.read.rows == self.in_file:
            return ""
        return f", which train.rows.origin and samples take of the file's {self.in_file:,}"


def _size(count: int) -> str:
    return f"{count / GIB:,.1f} GiB" if count >= GIB else f"{count / 2**20:,.1f} MiB"


def _number(count: int) -> str:
    if not count:
        return "an unknown number of"
    for size, name in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if count >= size:
            return f"{count / size:.2f} {name}"
    return str(count)
