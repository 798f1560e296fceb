"""A table as bytes, in parquet and in JSON lines: the same rows give the same bytes, on any machine, with any number of threads.

The JSON lines depend on the rows alone. The parquet file depends on the version of Polars as well, which constraints.txt pins: its
writer signs what it writes.
"""

import io
import json
from typing import Any

import polars as pl

from pipeline.errors import LimiError
from pipeline.table import Table

# All that changes a byte is said here, so that another version's defaults change none.
_LAYOUT: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "statistics": {"min": True, "max": True, "distinct_count": False, "null_count": True},
    "row_group_size": 4096,  # rows
    "data_page_size": 1024 * 1024,  # bytes
}
# Some readers end a line at these; JSON may have them in a text only, where an escape means the same.
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def parquet_bytes(table: Table, frame: pl.DataFrame) -> bytes:
    """A frame of the table as one parquet file."""
    out = io.BytesIO()
    frame.write_parquet(out, **_LAYOUT, metadata={"limi.table": table.name})
    written = out.getvalue()
    if not pl.read_parquet(io.BytesIO(written)).equals(frame):
        raise LimiError(f"the parquet file of {table.name} does not read back as it was written; this is a defect")
    return written


def jsonl_bytes(frame: pl.DataFrame) -> bytes:
    """One JSON object for each row, UTF-8, keys in the columns' order. Raises ValueError on a number that JSON does not have.

    Rows come out of the frame, so that a number has one form in both files.
    """
    lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in frame.iter_rows(named=True)]
    return "".join(line.translate(_LINE_ENDS) + "\n" for line in lines).encode()
