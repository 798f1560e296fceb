#!/usr/bin/env bash
# Fill in templates/*.tmpl and write the results to generated/.
set -euo pipefail

LANTERN_HOME=${LANTERN_HOME:-$(cd "$(dirname "$0")/.." && pwd)}
. "$LANTERN_HOME/lib/common.sh"
need envsubst

templates=${LANTERN_TEMPLATES:-$LANTERN_HOME/templates}
generated=${LANTERN_GENERATED:-$LANTERN_HOME/generated}
mkdir -p "$generated"

# Write ${DOLLAR} in a template to get a dollar sign.
export DOLLAR='$'
for template in "$templates"/*.tmpl; do
    name=$(basename "$template" .tmpl)
    envsubst <"$template" >"$generated/$name"
    log "rendered $name"
done
