#!/usr/bin/env bash
# Run every tests/test-*.sh in an empty folder, with a docker that only pretends.
set -u

here=$(cd "$(dirname "$0")" && pwd)
failed=0
for test in "$here"/test-*.sh; do
    WORK=$(mktemp -d)
    export WORK BACKUP_DIR=$WORK/backups LANTERN_ENV=$WORK/none LANTERN_HOME=${here%/*}
    if (cd "$WORK" && PATH=$here/stub:$PATH bash -eu "$test") >"$WORK/log" 2>&1; then
        echo "ok      ${test##*/}"
    else
        echo "FAILED  ${test##*/}"
        sed 's/^/        /' "$WORK/log"
        failed=1
    fi
    rm -rf "$WORK"
done
exit "$failed"
