"""The section `train` of `params.yaml`: which model is trained on which rows, how, and on what hardware."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from pipeline.sections import NonNegative, Positive
from pipeline.sections import Section as AnySection

Rate = Annotated[float, Field(ge=0, lt=1)]
LaunchName = Literal["cpu", "one-gpu", "eight-gpus", "two-nodes", "four-nodes"]


class Section(AnySection):
    """A block of `train`: no number of it is infinite or none. YAML writes these as .inf and .nan, and they train nothing."""

    model_config = ConfigDict(allow_inf_nan=False)


class Rows(Section):
    """Which rows are trained on: the ablations turn these."""

    file: str = Field(description="parquet with the columns messages and tools, JSON texts, as export_sft writes it")
    origin: Literal["all", "real_world", "pull_request"] = Field(description="queries of which origin")
    samples: NonNegative = Field(description="as many rows, drawn by the seed; 0: all")
    max_tokens: Positive = Field(
        description="the longest row that is trained on; the model must be able to read so many"
    )
    over_length: Literal["refuse", "drop"] = Field(
        description="a longer row: refuse to train, or drop it whole and count it"
    )


class Base(Section):
    """The model that is trained."""

    name: str = Field(
        min_length=1,
        description="a folder, a name on the Hub, or `demo`: a tiny one with random weights that is made here",
    )
    revision: str = Field(description="commit on the Hub; empty for a folder or `demo`")
    template: Literal["qwen3", "glm4-moe"] = Field(
        description="the chat template that is trained: finetune/data/templates"
    )
    attention: Literal["sdpa", "flash_attention_2", "eager"] = Field(description="the implementation of attention")
    yarn_factor: Annotated[float, Field(ge=1, le=1000)] = Field(
        description="YaRN: how many times the positions that the model was made for; 1: none"
    )


class Lora(Section):
    """LoRA in place of all weights."""

    rank: NonNegative = Field(description="0: all weights are trained")
    alpha: Positive = Field(description="scale: alpha / rank")
    dropout: Rate = Field(description="share of the adapter's inputs left out while training")


class Optimizer(Section):
    """Adam and its learning rate."""

    learning_rate: Annotated[float, Field(gt=0, lt=1)] = Field(description="the highest")
    min_learning_rate: Rate = Field(description="where the cosine ends")
    warmup_steps: NonNegative = Field(
        description="steps in which the rate rises to the highest; the first step is at 1 / (steps + 1) of it"
    )
    weight_decay: Rate = Field(description="of all weights but biases and norms")
    beta1: Rate = Field(description="Adam's first beta")
    beta2: Rate = Field(description="Adam's second beta")
    # Beside one that is larger than the gradients every step is next to none.
    epsilon: Annotated[float, Field(gt=0, le=1e-3)] = Field(description="Adam's epsilon")
    max_grad_norm: Annotated[float, Field(gt=0)] = Field(description="gradients are scaled down to this norm")


class Schedule(Section):
    """How often what is seen."""

    epochs: Positive = Field(description="times that every row is seen; counts unless loss_tokens says otherwise")
    global_batch: Positive = Field(description="rows of one optimizer step, over all GPUs")
    loss_tokens: NonNegative = Field(
        description="train until about so many tokens carried loss, whatever the number of rows, so that ablations compare; 0: by epochs"
    )
    save_steps: Positive = Field(description="a checkpoint every so many steps, and at the end")
    keep_checkpoints: Positive = Field(description="so many of the newest are kept")


class Hardware(Section):
    """What it runs on: the launch configuration, and what the preflight holds its estimates against."""

    launch: LaunchName = Field(description="finetune/launch/NAME.yaml, for accelerate")
    precision: Literal["fp32", "bf16"] = Field(description="of the forward and backward pass; masters are always fp32")
    gpu_memory_gb: Positive = Field(description="memory of one GPU, GiB; for cpu what a process may take")
    host_memory_gb: Positive = Field(description="memory of one node, GiB")


class Train(Section):
    """The SFT stage."""

    rows: Rows
    base: Base
    lora: Lora
    optimizer: Optimizer
    schedule: Schedule
    hardware: Hardware
