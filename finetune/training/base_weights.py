"""Which weights a training begins with, as a name that another model's do not have. Imports no torch."""

import hashlib
from pathlib import Path

from finetune.training.base import DEMO
from pipeline.errors import UserError
from pipeline.train_sections import Base

_ENDS = 1 << 20  # bytes that are read at either end of a file: a whole model of 100 billion weights would take minutes
_READ = (".safetensors", ".bin", ".json")


def weights_name(base: Base) -> str:
    """The commit of a model on the Hub that its revision stands for now; for a folder a sha256 over its files, of large ones the ends.

    `demo` for the demo's model, whose weights are made by the seed. Raises UserError for a folder or a commit that cannot be read.
    """
    if base.name == DEMO:
        return DEMO
    folder = Path(base.name)
    if not folder.is_dir():
        return _commit(base)
    digest = hashlib.sha256()
    try:
        for path in sorted(path for path in folder.iterdir() if path.suffix in _READ and path.is_file()):
            size = path.stat().st_size
            digest.update(f"{path.name}\0{size}\0".encode())
            with path.open("rb") as file:
                digest.update(file.read(_ENDS))
                file.seek(max(_ENDS, size - _ENDS))
                digest.update(file.read())
    except OSError as error:
        raise UserError(f"train.base.name: {folder} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def hold_weights(base: Base, planned: str) -> None:
    """Raises UserError unless the base model still has the weights that were planned with; what was learnt would be put on others."""
    if (found := weights_name(base)) != planned:
        raise UserError(
            f"train.base.name: {base.name} is another one ({found[:12]}) than when the plan was made ({planned[:12]}); bring that "
            "one back, or say `limi train` again, which begins another training"
        )


def _commit(base: Base) -> str:
    """As transformers takes it when it loads: it asks the Hub, or its cache where that cannot be reached."""
    from transformers.utils.hub import resolve_revision

    found = getattr(resolve_revision(base.name, revision=base.revision or None), "resolved", None)
    if not found:
        raise UserError(
            f"train.base.name: the commit of {base.name} cannot be found; the Hub does not know it, or is not reached and there is no copy"
        )
    return str(found)
