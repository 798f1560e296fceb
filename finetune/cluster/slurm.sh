#!/usr/bin/env bash
# Two nodes of eight GPUs under SLURM: `sbatch finetune/cluster/slurm.sh`, from the project's folder on a disk that all nodes see; for
# four-nodes `sbatch --nodes=4 finetune/cluster/slurm.sh`. One launcher runs on each node and starts its eight ranks.
#
# SLURM sends SIGTERM an hour before it takes the nodes away; the ranks save a checkpoint at the end of their step, and the job queues
# itself again to go on. An hour, since the step must end first: 64 rows of 152,000 tokens on Qwen3-32B are 9e18 floating-point
# operations, 23 minutes on 16 GPUs at 400 TFLOP/s each, and a checkpoint of 394 GB is written after it. Other models and rows have other
# steps (step_seconds in metrics/train.json): two steps and a checkpoint must fit into the time between SIGTERM and the end. A time limit
# must be far above that hour, since SLURM sends SIGTERM as soon as less is left.
#SBATCH --job-name=limi-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=96
#SBATCH --mem=0
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@3600
#SBATCH --requeue
#SBATCH --open-mode=append
set -uo pipefail
. .venv/bin/activate

# Both times are of newer SLURMs; without them nothing is checked.
if [ -n "${SLURM_JOB_END_TIME:-}" ] && [ $((SLURM_JOB_END_TIME - SLURM_JOB_START_TIME)) -lt 7200 ]; then
  echo "the time limit is under two hours, and SIGTERM comes an hour before the end: give more by sbatch --time, or change" \
    "--signal and this check" >&2
  exit 2
fi

address=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 20000))
stopped=model/stopped-$SLURM_JOB_ID
rm -f "$stopped"
trap 'rm -f "$stopped"' EXIT

# Rows, steps, memory and disk, once, on the first node; it writes the plan that every rank reads.
limi train --preflight || exit 2

# SLURM_NODEID is each task's own, so the inner shell has to read it. It outlives SIGTERM, which SLURM sends to it as well, and takes exit
# code 75, "stopped as asked", for a good end and writes it down: srun would kill the other node's ranks while they still save.
# srun does not take the CPUs of a task from sbatch.
srun --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" bash -c "
  trap : TERM
  python -m finetune.launch.launching model/plan.json --machine-rank \"\$SLURM_NODEID\" --machines $SLURM_NNODES \
    --address $address --port $port
  code=\$?
  [ \$code -eq 75 ] || exit \$code
  touch $stopped"
code=$?
if [ "$code" -eq 0 ] && [ -e "$stopped" ]; then
  # plan.json is as old as this job. One that saved nothing would be followed by another that does the same.
  if [ -z "$(find -L model/checkpoints -name complete.json -newer model/plan.json 2> /dev/null)" ]; then
    echo "stopped before a checkpoint was written; not queued again" >&2
    exit 1
  fi
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
