"""The launch configurations in finetune/launch: what each asks of accelerate, read here so that nothing of it is silently otherwise.

accelerate takes some files to mean less than they say (measured with 1.15): `MULTI_CPU` starts one process whatever `num_processes` is,
FSDP with `use_cpu` becomes DDP, context parallelism without FSDP2 is left out. Such a file is refused here, and each rank holds its world
against the plan (finetune/training/ranks.py).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import UserError

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


def names() -> list[str]:
    """The launch configurations that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_launch(name: str, folder: Path = FOLDER) -> Launch:
    """A launch configuration. Raises UserError where accelerate would do other than the file says."""
    path = folder / f"{name}.yaml"
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing; train.hardware.launch names it, and there are {', '.join(names())}"
        ) from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    kind, cpu = str(told.get("distributed_type", "NO")), bool(told.get("use_cpu", False))
    fsdp, parallel = told.get("fsdp_config") or {}, told.get("parallelism_config") or {}
    launch = Launch(
        path=path,
        processes=int(told.get("num_processes", 1)),
        machines=int(told.get("num_machines", 1)),
        context_parallel=int(parallel.get("parallelism_config_cp_size", 1)),
        sharded=kind == "FSDP",
        offloaded=bool(fsdp.get("fsdp_offload_params", False)),
        recomputed=bool(fsdp.get("fsdp_activation_checkpointing", False)) if kind == "FSDP" else not cpu,
        inputs_offloaded=bool(fsdp.get("fsdp_activation_checkpointing_offload", False)),
        cpu=cpu,
    )
    for wrong in _silent(launch, kind, fsdp, parallel):
        raise UserError(f"{path}: {wrong}")
    return launch


def _silent(launch: Launch, kind: str, fsdp: dict[str, Any], parallel: dict[str, Any]) -> list[str]:
    """What accelerate would do other than the file says, in sentences."""
    known = [key for key in parallel if not key.startswith("parallelism_config_")]
    sizes = ("dp_replicate", "dp_shard", "tp", "cp", "sp")
    product = 1
    for size in sizes:
        product *= int(parallel.get(f"parallelism_config_{size}_size", 1))
    wrong = {
        "distributed_type MULTI_CPU starts one process whatever num_processes says; it is MULTI_GPU with use_cpu that starts several": kind
        == "MULTI_CPU",
        f"distributed_type {kind} is none that this stage is proven with; NO, MULTI_GPU and FSDP are": kind
        not in ("NO", "MULTI_CPU", "MULTI_GPU", "FSDP"),
        f"distributed_type NO starts one process, and num_processes is {launch.processes}": kind == "NO"
        and launch.processes > 1,
        "FSDP with use_cpu becomes plain data parallelism, without a word": launch.sharded and launch.cpu,
        "fsdp_version must be 2: context parallelism and checkpoints in parts need it": launch.sharded
        and int(fsdp.get("fsdp_version", 1)) != 2,
        "parallelism_config needs distributed_type FSDP; without, each process would see whole rows": bool(parallel)
        and not launch.sharded,
        f"{', '.join(known)} are left out by accelerate, which reads keys that begin with parallelism_config_": bool(
            known
        ),
        f"the sizes of parallelism_config make {product} processes, and num_processes is {launch.processes}": bool(
            parallel
        )
        and product != launch.processes,
        f"num_processes {launch.processes} cannot be shared evenly by {launch.machines} machines": bool(
            launch.processes % launch.machines
        ),
        "tp_size and sp_size must be 1: this stage is proven with data and context parallelism": any(
            int(parallel.get(f"parallelism_config_{size}_size", 1)) != 1 for size in ("tp", "sp")
        ),
    }
    return [sentence for sentence, found in wrong.items() if found]
