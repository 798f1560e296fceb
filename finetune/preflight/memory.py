"""How much memory a training takes on each GPU and on each node, estimated term by term before a GPU is touched.

An estimate: it holds what is there for certain (weights, gradients, Adam) to the byte and what comes and goes to the size of its largest
tensors. The sources stand at the terms. For Qwen3 at 152,000 tokens on eight GPUs it gives 22, 37 and 102 GB for 4B, 8B and 32B, beside 24,
38 and 101 GB that were worked out by hand. It is too careful with very long rows: 79 GB for 8B at 1,000,000 tokens, where TRL measured 56.
"""

from dataclasses import dataclass

from finetune.launch.launches import Launch
from finetune.preflight.shape import Shape
from pipeline.train_sections import Train

GIB = 2**30
RESERVED = 1.5 * GIB  # CUDA's context, NCCL's buffers and cuBLAS's workspace of one process
FRAGMENTS = 0.1  # what torch's allocator holds and cannot use
TILE = (
    4096,
    8192,
)  # tokens and words of the logits that TRL 1.16 has at once (trl/trainer/utils.py): never a whole row's


@dataclass(frozen=True)
class Memory:
    """Bytes by term: of the fullest GPU (for `cpu`: of the process), and of one node's main memory."""

    gpu: dict[str, int]
    host: dict[str, int]

    @property
    def gpu_total(self) -> int:
        """Bytes of one GPU."""
        return sum(self.gpu.values())

    @property
    def host_total(self) -> int:
        """Bytes of one node."""
        return sum(self.host.values())


def estimate(shape: Shape, train: Train, launch: Launch, longest: int) -> Memory:
    """The memory for a longest row of `longest` tokens."""
    shards = launch.processes if launch.sharded else 1
    state = _state(shape, train, shards)
    passing = _passing(shape, train, launch, longest)
    inputs = shape.layers * _tokens(launch, longest) * shape.hidden * _bytes(train)
    host = {"python, torch and the rows, of each process": 4 * GIB * launch.per_machine}
    gpu = dict(passing)
    if launch.offloaded:
        # accelerate: fsdp_offload_params puts weights, gradients and Adam's state into main memory, and Adam works there.
        host |= {name: size * launch.per_machine for name, size in state.items()}
    else:
        gpu = state | gpu
    if launch.recomputed:
        name = "inputs of the layers, for computing them again"
        if launch.inputs_offloaded:
            host[name] = inputs * launch.per_machine
        else:
            gpu[name] = inputs
    if not launch.cpu:
        # Sharded, rank 0 alone reads it (fsdp_cpu_ram_efficient_loading), and gathers it again for model/final.
        host["the whole model, when it is read and in the end"] = shape.parameters * (
            _bytes(train) if train.lora.rank else 4
        )
        gpu["CUDA, NCCL and cuBLAS"] = int(RESERVED)
    gpu["what the allocator cannot use"] = int(FRAGMENTS * sum(gpu.values()))
    return Memory(gpu, host)


def _state(shape: Shape, train: Train, shards: int) -> dict[str, int]:
    """What lies there during the whole run: 16 bytes for each trained parameter, all of them fp32 (https://arxiv.org/abs/1910.02054)."""
    if train.lora.rank:
        trained = shape.lora_parameters(train.lora.rank)
        frozen = {
            "weights, frozen": shape.parameters * _bytes(train) // shards,
            "weights of the adapter, fp32": 4 * trained // shards,
        }
    else:
        trained, frozen = shape.parameters, {"weights, fp32": 4 * shape.parameters // shards}
    return frozen | {"gradients, fp32": 4 * trained // shards, "Adam's two moments, fp32": 8 * trained // shards}


def _passing(shape: Shape, train: Train, launch: Launch, longest: int) -> dict[str, int]:
    """What the forward and backward pass hold for a time."""
    size, tokens = _bytes(train), _tokens(launch, longest)
    table = shape.vocabulary * shape.hidden
    trained_table = 0 if train.lora.rank else table
    tile = min(tokens, TILE[0]) * min(shape.vocabulary, TILE[1])
    found: dict[str, int] = {}
    if launch.sharded:
        # FSDP2 gathers a layer while the next one is on its way, and the embeddings with the output as one unit.
        # Gradients of the pass's precision, and as fp32 where the GPUs sum them up (finetune/training/trainer.py).
        gradients = 0 if train.lora.rank else shape.layer * (size + 4)
        found["two layers, gathered, and their gradients"] = shape.layer * size * 2 + gradients
        found["embeddings and output, gathered"] = table * size * (1 if shape.tied else 2)
        found["their gradients, before they are shared out"] = trained_table * size * (1 if shape.tied else 2)
    elif size == 2 and not train.lora.rank:
        found["weights, a copy in bf16 that autocast keeps"] = 2 * shape.parameters
    found["the output's gradient, fp32"] = 4 * trained_table
    found["logits, a tile of them, and the last layer's output"] = 2 * tile * size + tokens * shape.hidden * (size + 4)
    # Tensors of a layer that backward needs: two norms with input and output (fp32 inside), queries, keys, values, their rotated ones,
    # attention's output, and gate, up, their product and the activation (https://arxiv.org/abs/2205.05198, section 4, less the scores that
    # attention does not keep); and the gradients of the largest of them.
    layer = size * tokens * (6 * shape.hidden + 2 * shape.queries + 2 * shape.keys + 4 * shape.wide)
    gradients = size * tokens * 2 * (shape.hidden + shape.wide)
    kept = 1 if launch.recomputed else shape.layers
    found["activations of a layer and their gradients" if kept == 1 else "activations and their gradients"] = (
        layer * kept + gradients
    )
    if launch.context_parallel > 1:
        found["keys and values of the whole row, and their gradients"] = longest * shape.keys * 2 * (size + 4)
    if train.base.attention == "eager":
        found["scores of attention, which eager keeps"] = shape.heads * tokens * longest * (size + 4)
    return found


def _bytes(train: Train) -> int:
    """Of a number in the forward and backward pass."""
    return 2 if train.hardware.precision == "bf16" else 4


def _tokens(launch: Launch, longest: int) -> int:
    """Of the longest row, on one GPU."""
    return -(-longest // launch.context_parallel)
