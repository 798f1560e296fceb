# Sourced by every script: the settings, and a few helpers.

: "${LANTERN_HOME:?}"
LANTERN_ENV=${LANTERN_ENV:-$LANTERN_HOME/lantern.env}

if [ -f "$LANTERN_ENV" ]; then
    set -a
    # shellcheck source=lantern.env.example
    . "$LANTERN_ENV"
    set +a
fi

PGUSER=${PGUSER:-lantern}
BACKUP_DIR=${BACKUP_DIR:-/srv/backups}
BACKUP_DATABASES=${BACKUP_DATABASES:-}
BACKUP_VOLUMES=${BACKUP_VOLUMES:-}
BACKUP_KEEP_DAYS=${BACKUP_KEEP_DAYS:-14}
HELPER_IMAGE=${HELPER_IMAGE:-busybox:1.36}

log() {
    printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2
}

die() {
    log "error: $*"
    exit 1
}

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || die "$tool is not installed"
    done
}
