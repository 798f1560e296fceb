#!/usr/bin/env bash
# The same without SLURM: run this on every node, in the project's folder on a disk that all of them see.
#
#     finetune/cluster/torchrun.sh 0 node-0    on the first node, which also does the preflight
#     finetune/cluster/torchrun.sh 1 node-0    on the second one, once the first has said that nothing stands against it
#
# `python -m finetune.launch.launching` starts accelerate, which starts torchrun; Ctrl-C on any node has all of them save and stop.
set -euo pipefail
rank=${1:?the number of this node, from 0}
address=${2:?the name or address of node 0}
. .venv/bin/activate

[ "$rank" -eq 0 ] && limi train --preflight
exec python -m finetune.launch.launching model/plan.json --machine-rank "$rank" --address "$address" --port 29500
