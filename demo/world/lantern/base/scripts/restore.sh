#!/usr/bin/env bash
# Bring a database back from a dump: restore.sh DATABASE [YYYY-MM-DD]
set -eu

LANTERN_HOME=${LANTERN_HOME:-$(cd "$(dirname "$0")/.." && pwd)}
. "$LANTERN_HOME/lib/common.sh"
need docker gunzip

db=${1:?usage: restore.sh DATABASE [YYYY-MM-DD]}
day=${2:-$(date +%F)}
dump=$BACKUP_DIR/postgres/$db-$day.sql.gz
[ -f "$dump" ] || die "there is no dump of $db from $day"

in_postgres() {
    docker exec -i lantern-postgres "$1" -U "$PGUSER" "${@:2}"
}

log "restoring $db from $day"
in_postgres dropdb --if-exists "$db"
in_postgres createdb "$db"
gunzip -c "$dump" | in_postgres psql --quiet "$db"
log "restored $db"
