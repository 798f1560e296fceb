#!/usr/bin/env bash
# Delete backups that are older than BACKUP_KEEP_DAYS, by the date in their name.
set -euo pipefail

LANTERN_HOME=${LANTERN_HOME:-$(cd "$(dirname "$0")/.." && pwd)}
. "$LANTERN_HOME/lib/common.sh"

now=$(date +%s)
for file in "$BACKUP_DIR"/*/*.gz; do
    [[ ${file##*/} =~ -([0-9]{4}-[0-9]{2}-[0-9]{2})\. ]] || continue
    made=$(date -d "${BASH_REMATCH[1]}" +%s)
    if [ $(((now - made) / 86400)) -gt "$BACKUP_KEEP_DAYS" ]; then
        log "deleting ${file#"$BACKUP_DIR"/}"
        rm -- "$file"
    fi
done
