"""Which weights a training begins with, as a name by which replaced ones are known. Imports no torch.

A commit of the Hub names every byte. A folder's name is of samples of its files: a change of few weights may lie between them and is not
seen. Another training of the same model changes far more, and so does a merged adapter.
"""

import hashlib
from pathlib import Path

from finetune.training.base import DEMO
from pipeline.errors import UserError
from pipeline.train_sections import Base

# What is read of a file, as a whole model of 100 billion weights would take minutes: so many bytes at either end, and blocks between. The
# Hub's files have about 5 GB, so that a block stands at about every 78 MB; a layer of Qwen3-8B has 386.
_ENDS = 1 << 20
_BLOCKS = 64
_BLOCK = 16 << 10
_READ = (".safetensors", ".bin", ".json")


def weights_name(base: Base) -> str:
    """The commit of a model on the Hub that its revision stands for now; for a folder a sha256 over its files, of large ones over samples.

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
                for place, length in _samples(size):
                    file.seek(place)
                    digest.update(file.read(length))
    except OSError as error:
        raise UserError(f"train.base.name: {folder} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def _samples(size: int) -> list[tuple[int, int]]:
    """What is read of a file of so many bytes, as (place, bytes): all of a small one."""
    between = max(0, size - 2 * _ENDS)
    spread = [(_ENDS + between * number // _BLOCKS, _BLOCK) for number in range(_BLOCKS)]
    return [(0, _ENDS), *(spread if between else []), (max(_ENDS, size - _ENDS), _ENDS)]


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
