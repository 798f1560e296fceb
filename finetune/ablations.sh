#!/usr/bin/env bash
# What the paper leaves open, one experiment after the other: does the number of rows matter, or how long they are seen, or whose queries
# they are? Run it after `dvc repro train` and a commit; then `dvc exp show`, `dvc plots diff` and `dvc metrics diff` (docs/TRAINING.md).
#
#     finetune/ablations.sh 10 20 39      so many rows each, once by epochs and once as long as all rows; then each origin alone
#
# Rows that are fewer than a batch make smaller batches and more steps, so all rows are trained on in batches as small as well. What was
# made by an earlier call is not made again.
set -euo pipefail
trap 'exit 130' INT # else Ctrl-C would end one experiment and begin the next

if ! git diff --quiet HEAD -- params.yaml dvc.lock; then
  echo "params.yaml or dvc.lock are not those of the commit, as after an experiment; \`git checkout params.yaml dvc.lock\` and" \
    "\`dvc checkout metrics/train.json plots/train\` bring them and what the run saw back" >&2
  exit 2
fi

# What the run on all rows saw: with it, every other one sees as many tokens with loss, as nearly as whole steps allow. metrics/train.json is of what was trained last.
seen=$(python - <<'END'
import hashlib
import json
import sys
from pathlib import Path

import yaml

from pipeline.params import read_params

METRICS = Path("metrics/train.json")
train = read_params().train
if train.rows.samples or train.rows.origin != "all" or train.schedule.loss_tokens:
    sys.exit(
        "the run that is committed is not on all rows by epochs: set train.rows.samples to 0, train.rows.origin to all and "
        "train.schedule.loss_tokens to 0, then `dvc repro train` and commit"
    )
stage = yaml.safe_load(Path("dvc.lock").read_text(encoding="utf-8"))["stages"].get("train", {"outs": []})
hashes = [one["md5"] for one in stage["outs"] if one["path"] == str(METRICS)]
if not hashes:
    sys.exit("dvc.lock knows no training; `dvc repro train` and a commit come first")
if not METRICS.is_file() or hashlib.md5(METRICS.read_bytes()).hexdigest() != hashes[0]:
    sys.exit(f"{METRICS} is not of the training that is committed; `dvc checkout {METRICS} plots/train` brings it back")
print(json.loads(METRICS.read_text(encoding="utf-8"))["loss_tokens"], train.schedule.global_batch)
END
)
read -r tokens batch <<< "$seen"

# An experiment leaves its parameters in params.yaml, so each names all four.
try() {
  if dvc exp list --name-only | grep -x -- "$1" > /dev/null; then
    echo "$1 is there already; \`dvc exp remove $1\` has it made anew" >&2
    return
  fi
  dvc exp run --name "$1" -S "train.rows.samples=$2" -S "train.rows.origin=$3" -S "train.schedule.loss_tokens=$4" \
    -S "train.schedule.global_batch=$5" train
}

# All rows, in the batches that so many rows make. A launch of several groups of GPUs refuses those that these cannot share evenly.
in_batches_of() {
  if [ "$1" -lt "$batch" ]; then
    try "all-in-batches-of-$1" 0 all "$tokens" "$1" || echo "no training on all rows in batches of $1: see above" >&2
  fi
}

for rows in "$@"; do
  try "rows-$rows" "$rows" all 0 "$batch" || echo "no training on $rows rows: see above" >&2
  try "rows-$rows-as-long" "$rows" all "$tokens" "$batch" || echo "no training on $rows rows as long as on all: see above" >&2
  in_batches_of "$rows"
done
# How many rows of the file are of an origin.
rows_of() {
  python -c "
from finetune.data.rows import read_rows
from pipeline.params import read_params
rows = read_params().train.rows.model_copy(update={'origin': '$1', 'samples': 0})
print(len(read_rows(rows, 0)))"
}

for origin in real_world pull_request; do
  # The demo's sessions are all on queries of pull requests, so the other origin is refused there.
  if try "only-$origin" 0 "$origin" "$tokens" "$batch"; then
    in_batches_of "$(rows_of "$origin")"
  else
    echo "no training on $origin alone: see above" >&2
  fi
done
