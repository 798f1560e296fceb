#!/usr/bin/env bash
# Archive every volume in BACKUP_VOLUMES.
set -eu

LANTERN_HOME=${LANTERN_HOME:-$(cd "$(dirname "$0")/.." && pwd)}
. "$LANTERN_HOME/lib/common.sh"
need docker gzip

today=$(date +%F)
target=$BACKUP_DIR/volumes
mkdir -p "$target"

for volume in $BACKUP_VOLUMES; do
    file=$target/$volume-$today.tar.gz
    log "archiving volume $volume"
    docker run --rm -v "$volume:/data:ro" "$HELPER_IMAGE" tar -C /data -cf - . | gzip >"$file"
done
log "volumes: done"
