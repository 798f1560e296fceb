"""The launch configurations in finetune/launch: what each asks of accelerate, read here so that nothing of it is silently otherwise.

accelerate takes some files to mean less than they say (measured with 1.15): `MULTI_CPU` starts one process whatever `num_processes` is,
FSDP with `use_cpu` becomes DDP, context parallelism without FSDP2 is left out. Such a file is refused here, and each rank holds its world
against the plan (finetune/training/ranks.py).
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, ValidationError

from pipeline.errors import UserError
from pipeline.sections import Positive, Section
from pipeline.strict_yaml import load

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Launch:
    """What a launch configuration asks for."""

    path: Path
    processes: int  # over all nodes
    machines: int
    context_parallel: int  # processes that share one row
    sharded: bool  # FSDP2: weights, gradients and Adam's state lie in parts on all processes
    offloaded: bool  # these parts lie in the node's memory
    recomputed: bool  # activations are computed again in the backward pass
    inputs_offloaded: bool  # the inputs of the layers wait for it in the node's memory
    cpu: bool

    @property
    def groups(self) -> int:
        """Groups of processes that see rows of their own."""
        return self.processes // self.context_parallel

    @property
    def per_machine(self) -> int:
        """Processes of one node."""
        return self.processes // self.machines


class _Part(Section):
    """Keys of such a file that are read here; it has others, which are accelerate's alone."""

    model_config = ConfigDict(extra="ignore")


class _Fsdp(_Part):
    fsdp_version: Positive = 1
    fsdp_offload_params: bool = False
    fsdp_activation_checkpointing: bool = False
    fsdp_activation_checkpointing_offload: bool = False


class _Parallel(_Part):
    parallelism_config_dp_replicate_size: Positive = 1
    parallelism_config_dp_shard_size: Positive = 1
    parallelism_config_tp_size: Positive = 1
    parallelism_config_cp_size: Positive = 1
    parallelism_config_sp_size: Positive = 1


class _File(_Part):
    distributed_type: str = "NO"
    use_cpu: bool = False
    num_machines: Positive = 1
    num_processes: Positive = 1
    fsdp_config: _Fsdp | None = None
    parallelism_config: _Parallel | None = None


_WHOLE = "a whole number, 1 or more"
_KINDS = {  # pydantic's names of what is wrong
    "model_type": "keys with their values",
    "bool_type": "true or false, without quotes",
    "string_type": "a text",
}


def names() -> list[str]:
    """The launch configurations that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_launch(name: str, folder: Path = FOLDER) -> Launch:
    """A launch configuration. Raises UserError for a value of another kind, and where accelerate would do other than the file says."""
    path = folder / f"{name}.yaml"
    told = _read(path)
    try:
        file = _File.model_validate(told)
    except ValidationError as error:
        raise UserError("\n".join(f"{path}: {_mistyped(problem)}" for problem in error.errors())) from None
    fsdp, parallel = file.fsdp_config or _Fsdp(), file.parallelism_config or _Parallel()
    sharded = file.distributed_type == "FSDP"
    launch = Launch(
        path=path,
        processes=file.num_processes,
        machines=file.num_machines,
        context_parallel=parallel.parallelism_config_cp_size,
        sharded=sharded,
        offloaded=fsdp.fsdp_offload_params,
        recomputed=fsdp.fsdp_activation_checkpointing if sharded else not file.use_cpu,
        inputs_offloaded=fsdp.fsdp_activation_checkpointing_offload,
        cpu=file.use_cpu,
    )
    for wrong in _silent(launch, file.distributed_type, fsdp, parallel, list(told.get("parallelism_config") or ())):
        raise UserError(f"{path}: {wrong}")
    return launch


def _read(path: Path) -> Any:
    try:
        return load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing; train.hardware.launch names it, and there are {', '.join(names())}"
        ) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    # The last three are what PyYAML lets through, as in pipeline/params.py.
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None


def _mistyped(problem: Any) -> str:
    """What one value has to be, in a sentence."""
    value, key = problem["input"], ".".join(str(step) for step in problem["loc"]) or "the file"
    shown = "empty" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    hint = "; YAML takes NO without quotes for that" if key == "distributed_type" and value is False else ""
    return f"{key} has to be {_KINDS.get(problem['type'], _WHOLE)}, and is {shown}{hint}"


def _silent(launch: Launch, kind: str, fsdp: _Fsdp, parallel: _Parallel, keys: list[str]) -> list[str]:
    """What accelerate would do other than the file says, in sentences; `keys` are those of its parallelism_config."""
    known = [str(key) for key in keys if not str(key).startswith("parallelism_config_")]
    product = math.prod(parallel.model_dump().values())
    wrong = {
        "distributed_type MULTI_CPU starts one process whatever num_processes says; it is MULTI_GPU with use_cpu that starts several": kind
        == "MULTI_CPU",
        f"distributed_type {kind} is none that this stage is proven with; NO, MULTI_GPU and FSDP are": kind
        not in ("NO", "MULTI_CPU", "MULTI_GPU", "FSDP"),
        f"distributed_type NO starts one process, and num_processes is {launch.processes}": kind == "NO"
        and launch.processes > 1,
        "FSDP with use_cpu becomes plain data parallelism, without a word": launch.sharded and launch.cpu,
        "fsdp_version must be 2: context parallelism and checkpoints in parts need it": launch.sharded
        and fsdp.fsdp_version != 2,
        "parallelism_config needs distributed_type FSDP; without, each process would see whole rows": bool(keys)
        and not launch.sharded,
        f"{', '.join(known)} are left out by accelerate, which reads keys that begin with parallelism_config_": bool(
            known
        ),
        f"the sizes of parallelism_config make {product} processes, and num_processes is {launch.processes}": bool(keys)
        and product != launch.processes,
        f"num_processes {launch.processes} cannot be shared evenly by {launch.machines} machines": bool(
            launch.processes % launch.machines
        ),
        "tp_size and sp_size must be 1: this stage is proven with data and context parallelism": (
            parallel.parallelism_config_tp_size != 1 or parallel.parallelism_config_sp_size != 1
        ),
    }
    return [sentence for sentence, found in wrong.items() if found]
