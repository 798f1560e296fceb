#!/bin/sh
# Compact every store below a folder once an hour, forever.
set -eu

folder=${1:?usage: maintain FOLDER}
every=${MAINTAIN_EVERY:-3600}
heartbeat=${HEARTBEAT_FILE:-/tmp/heartbeat}

trap 'exit 0' TERM INT

while :; do
    for store in "$folder"/*.anvil; do
        [ -f "$store" ] || continue
        anvil "$store" compact || echo "maintain: $store: compaction failed" >&2
    done
    touch "$heartbeat"
    sleep "$every" &
    wait $!
done
