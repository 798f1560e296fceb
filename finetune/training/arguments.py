"""The parameters in TRL's words, and everything that its defaults would do to the data turned off."""

from typing import Any

from trl.trainer.sft_config import SFTConfig

from finetune.launch.launches import Launch, read_launch
from finetune.plan import Plan

TIMEOUT = (
    7200  # seconds that ranks wait for each other; writing a large model takes longer than the half hour of the default
)


def sft_config(plan: Plan) -> SFTConfig:
    """The arguments of a run. Nothing between prepared.parquet and the loss may cut, join, tokenize or mask.

    Making them joins this process to the other ranks: from here on accelerate's PartialState knows them.
    """
    train, launch = plan.train, read_launch(plan.train.hardware.launch)
    return SFTConfig(
        output_dir=str(plan.checkpoints),
        seed=plan.seed,
        data_seed=plan.seed,
        max_length=None,
        packing=False,
        padding_free=False,
        assistant_only_loss=False,  # the labels are there already, by finetune/data/rendering.py
        completion_only_loss=False,
        pad_to_multiple_of=_padded_to(plan),
        loss_type="nll",
        router_aux_loss_coef=0.0,  # a base of experts may ask for a second loss, which is no mean over tokens
        average_tokens_across_devices=True,  # the mean is over the tokens of all ranks and all rows of a step
        per_device_train_batch_size=1,
        gradient_accumulation_steps=plan.accumulation,
        # Without this, each rank keeps the whole model's gradients until the last row of a step: 32 GB for 8B, on each GPU.
        accelerator_config={"gradient_accumulation_kwargs": {"sync_each_batch": launch.sharded}},
        max_steps=plan.steps,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_drop_last=False,
        optim="adamw_torch",
        learning_rate=train.optimizer.learning_rate,
        weight_decay=train.optimizer.weight_decay,
        adam_beta1=train.optimizer.beta1,
        adam_beta2=train.optimizer.beta2,
        adam_epsilon=train.optimizer.epsilon,
        max_grad_norm=train.optimizer.max_grad_norm,
        bf16=train.hardware.precision == "bf16",
        use_cpu=launch.cpu,
        ddp_timeout=TIMEOUT,
        save_strategy="steps",
        save_steps=train.schedule.save_steps,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,  # it would write the mean of earlier losses in place of one that is not a number
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
        **_recomputed(launch),
    )


def _padded_to(plan: Plan) -> int | None:
    """Torch's ring attention cuts a row in 2 parts for each rank that shares it; a row of one GPU is not padded.

    Padding has transformers make a mask of length x length for attention (43 GiB at 152,000 tokens), and flash attention takes none.
    """
    return 2 * plan.context_parallel if plan.context_parallel > 1 else None


def _recomputed(launch: Launch) -> dict[str, Any]:
    """Activations are computed again by transformers where FSDP does not do it by means of its own: both at once clash."""
    if launch.sharded or not launch.recomputed:
        return {"activation_checkpointing": False}
    return {"activation_checkpointing": True, "activation_checkpointing_kwargs": {"use_reentrant": False}}
