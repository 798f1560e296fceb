#!/usr/bin/env bash
# Two nodes of eight GPUs under SLURM: `sbatch finetune/cluster/slurm.sh`, from the project's folder on a disk that all nodes see.
# One launcher runs on each node and starts its eight ranks. SIGTERM, which SLURM sends three minutes before it takes the nodes away, has
# the ranks save a checkpoint at the end of the step; exit code 75 says that they did, and the job queues itself again to go on.
#SBATCH --job-name=limi-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=96
#SBATCH --mem=0
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@180
#SBATCH --requeue
#SBATCH --open-mode=append
set -uo pipefail
. .venv/bin/activate

address=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 20000))

# Rows, steps, memory and disk, once, on the first node; it writes the plan that every rank reads.
limi train --preflight || exit 2

# SLURM_NODEID is each task's own, so the inner shell has to read it.
srun --kill-on-bad-exit=1 bash -c \
  "exec python -m finetune.launch.launching model/plan.json --machine-rank \"\$SLURM_NODEID\" --address $address --port $port"
code=$?
[ "$code" -eq 75 ] && scontrol requeue "$SLURM_JOB_ID"
exit "$code"
