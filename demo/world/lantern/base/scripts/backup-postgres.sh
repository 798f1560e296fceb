#!/usr/bin/env bash
# Dump every database in BACKUP_DATABASES.
set -eu

LANTERN_HOME=${LANTERN_HOME:-$(cd "$(dirname "$0")/.." && pwd)}
. "$LANTERN_HOME/lib/common.sh"
need docker gzip

today=$(date +%F)
target=$BACKUP_DIR/postgres
mkdir -p "$target"

for db in $BACKUP_DATABASES; do
    file=$target/$db-$today.sql.gz
    log "dumping database $db"
    docker exec lantern-postgres pg_dump -U "$PGUSER" "$db" | gzip >"$file"
done
log "postgres: done"
