#!/usr/bin/env bash
# What the paper leaves open, one experiment after the other: does the number of rows matter, or how long they are seen, or whose queries
# they are? Run it after `dvc repro train` and a commit; then `dvc exp show`, `dvc plots diff` and `dvc metrics diff` (docs/TRAINING.md).
#
#     finetune/ablations.sh 10 20 39      so many rows each, once by epochs and once as long as all rows; then each origin alone
set -euo pipefail

# What the run on all rows saw: with it, every other one sees as many tokens with loss.
tokens=$(python -c 'import json; print(json.load(open("metrics/train.json"))["loss_tokens"])')

# An experiment leaves its parameters in params.yaml, so each names all three.
try() {
  dvc exp run --name "$1" -S "train.rows.samples=$2" -S "train.rows.origin=$3" -S "train.schedule.loss_tokens=$4" train
}

for rows in "$@"; do
  try "rows-$rows" "$rows" all 0
  try "rows-$rows-as-long" "$rows" all "$tokens"
done
for origin in real_world pull_request; do
  # The demo's sessions are all on queries of pull requests, so the other origin is refused there.
  try "only-$origin" 0 "$origin" "$tokens" || echo "no training on $origin alone: see above" >&2
done
