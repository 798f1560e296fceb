"""How much memory a training takes on each GPU and on each node, estimated term by term before a GPU is touched.

An estimate: it holds what is there for certain (weights, gradients, Adam) to the byte, and what a layer keeps for its backward pass to what
was measured (tests/finetune/preflight/test_measured.py: the layers of the recipes' models in their own size, on the CPU). Reasoned from
sources and measured nowhere is what only a GPU has: its kernels, NCCL, the allocator. For Qwen3 at 152,000 tokens on eight GPUs it gives
22, 39 and 103 GB for 4B, 8B and 32B, beside 24, 38 and 101 GB that were worked out by hand. It is too careful with very long rows: 85 GB
for 8B at 1,000,000 tokens, where TRL measured 56.
"""

from dataclasses import dataclass

from finetune.launch.launches import Launch
from finetune.preflight.shape import Shape
from pipeline.train_sections import Train

GIB = 2**30
RESERVED = 1.5 * GIB  # CUDA's context, NCCL's buffers and cuBLAS's workspace of one process
FRAGMENTS = 0.1  # what torch's allocator holds and cannot use
# Tokens and words of the logits that TRL 1.16 has at once (trl/kernels/chunked_logprob.py, trl/trainer/utils.py): never a whole row's.
TILE = (4096, 32_768)


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


@dataclass(frozen=True)
class Layer:
    """Bytes of one layer, for each token."""

    given: int  # its input, which is all that stays of it where it is computed again
    kept: int  # what its backward pass needs
    more: int  # what comes on top of this while that goes on


def layer(shape: Shape, train: Train, launch: Launch) -> Layer:
    """What a layer takes, by its operations in transformers 5.23 and peft 0.21, under the autocast that accelerate has in every launch.

    On one GPU the trained weights are fp32, and autocast gives linear layers and attention bf16. It leaves embedding, norms and sums
    alone, so these are fp32 with all weights, and bf16 with LoRA, whose base is bf16. FSDP2 has them all in bf16.
    """
    size, trained = _bytes(train), not train.lora.rank
    copied = size == 2 and not launch.sharded  # autocast copies what it casts for each linear layer anew
    given = 4 if copied and trained else size
    # Two norms: their inputs in fp32; what they scale, if the scales are trained; what they give to queries, keys, values, gate and up.
    hidden = 8 + (2 * given if trained else 0) + size * (5 if copied else 2)
    # A norm of each head likewise, if the model has it.
    normed = (4 + (size if trained else 0)) if shape.normed else 0
    # Queries, keys and values as attention takes them, and what it gives. Flash attention on a GPU saves these as its twin on the CPU does,
    # keys and values not repeated for the queries' heads (torch: scaled_dot_product_attention, `enable_gqa`); this was reasoned.
    queries = 2 * size + normed + (size if shape.partial else 0)
    if copied and not trained:
        queries += size  # the adapter of attention's output has its own copy in fp32, cast back; so have all, and `hidden` has these
    keys = 2 * size + normed
    # Gate, up, the activation and the product; tokens in the order of their experts, and what comes back from these.
    wide, routed = 4 * size * shape.wide, 2 * size * shape.routed * shape.hidden
    kept = hidden * shape.hidden + queries * shape.queries + keys * shape.keys + wide + routed
    # The gradients of what is largest, and that of the layer's output. A GPU's attention takes more than this for its own (10 bytes a query
    # number), but when the MLP's tensors are free again.
    more = given * shape.hidden + (routed or 2 * size * shape.wide)
    if copied and not trained:
        more += 8 * shape.hidden + 2 * shape.wide  # the adapters' fp32
    return Layer(given * shape.hidden, kept, more)


def estimate(shape: Shape, train: Train, launch: Launch, longest: int) -> Memory:
    """The memory for a longest row of `longest` tokens."""
    shards = launch.processes if launch.sharded else 1
    state = _state(shape, train, shards)
    passing = _passing(shape, train, launch, longest)
    of_layer = _tokens(launch, longest) * layer(shape, train, launch).given
    host = {"python, torch and the rows, of each process": 4 * GIB * launch.per_machine}
    gpu = dict(passing)
    if launch.offloaded:
        # accelerate: fsdp_offload_params puts weights, gradients and Adam's state into main memory, and Adam works there.
        host |= {name: size * launch.per_machine for name, size in state.items()}
    else:
        gpu = state | gpu
    # On GPUs torch's Adam takes the roots of all second moments at once (torch/optim/adam.py), when what the passes held is free again; on
    # the CPU it goes weight by weight.
    roots = 0 if launch.offloaded or launch.cpu else 4 * _trained(shape, train) // shards
    if (more := roots - sum(passing.values())) > 0:
        gpu["the roots of Adam's second moments, more than the passes hold"] = more
    if launch.recomputed:
        name = "inputs of the layers, for computing them again"
        if launch.inputs_offloaded:
            # Pinned memory comes in blocks of a power of two (torch's CachingHostAllocator).
            host[name] = shape.layers * (1 << (of_layer - 1).bit_length()) * launch.per_machine
        else:
            gpu[name] = shape.layers * of_layer
    if not launch.cpu:
        # Sharded, rank 0 alone reads it (fsdp_cpu_ram_efficient_loading), and gathers it again for model/final, in fp32 if all weights were
        # trained. What is written is in memory twice when it is loaded again and compared (finetune/runs/final.py).
        host["the whole model, when it is read and in the end"] = max(4, 2 * shape.stored) * shape.parameters
        gpu["CUDA, NCCL and cuBLAS"] = int(RESERVED)
    gpu["what the allocator cannot use"] = int(FRAGMENTS * sum(gpu.values()))
    return Memory(gpu, host)


def _trained(shape: Shape, train: Train) -> int:
    return shape.lora_parameters(train.lora.rank) if train.lora.rank else shape.parameters


def _state(shape: Shape, train: Train, shards: int) -> dict[str, int]:
    """What lies there during the whole run: 16 bytes for each trained parameter, all of them fp32 (https://arxiv.org/abs/1910.02054)."""
    trained = _trained(shape, train)
    if train.lora.rank:
        frozen = {
            "weights, frozen": shape.parameters * _bytes(train) // shards,
            "weights of the adapter, fp32": 4 * trained // shards,
        }
    else:
        frozen = {"weights, fp32": 4 * trained // shards}
    return frozen | {"gradients, fp32": 4 * trained // shards, "Adam's two moments, fp32": 8 * trained // shards}


def _passing(shape: Shape, train: Train, launch: Launch, longest: int) -> dict[str, int]:
    """What the forward and backward pass hold for a time."""
    size, tokens, one = _bytes(train), _tokens(launch, longest), layer(shape, train, launch)
    table = shape.vocabulary * shape.hidden
    tables = 1 if shape.tied else 2
    trained_table = 0 if train.lora.rank else table
    found: dict[str, int] = {}
    kept = 1 if launch.recomputed else shape.layers
    activations = tokens * (one.kept * kept + one.more)
    found["activations of a layer and their gradients" if kept == 1 else "activations and their gradients"] = (
        activations
    )
    if launch.sharded:
        # FSDP2 gathers a layer while the next one is on its way, and the embeddings with the output as one unit.
        # Gradients of the pass's precision, and as fp32 where the GPUs sum them up (finetune/training/trainer.py).
        gradients = 0 if train.lora.rank else shape.layer * (size + 4)
        found["two layers, gathered, and their gradients"] = shape.layer * size * 2 + gradients
        found["embeddings and output, gathered"] = table * size * tables
        found["their gradients, before they are shared out"] = trained_table * size * tables
    elif size == 2 and not train.lora.rank:
        # Of all weights but embedding and output, until the forward pass ends; what layers compute again is held after that.
        copies = 2 * (shape.parameters - tables * table)
        if (more := copies - (activations if launch.recomputed else 0)) > 0:
            found[
                "weights, a copy in bf16 that autocast keeps in the forward pass, more than a layer's activations"
            ] = more
    found["the output's gradient, fp32"] = 4 * trained_table
    tile = min(tokens, TILE[0]) * min(shape.vocabulary, TILE[1]) + min(shape.vocabulary, TILE[1]) * shape.hidden
    found["logits, a tile of them, and the last layer's output"] = tile * size + tokens * (one.given + 4 * shape.hidden)
    if train.lora.rank and shape.experts:
        # peft makes the adapted weights of all experts of a layer at once (`baddbmm`). Two thirds of them, gate and up, have their gradient
        # beside them when those of the last third are gone.
        found["the adapter's experts of a layer, in full, and their gradient"] = size * shape.experts * 4 // 3
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
