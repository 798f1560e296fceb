export BACKUP_DATABASES="wiki tasks" BACKUP_VOLUMES=lantern_uploads
export DOCKER_OUTPUT_exec="CREATE TABLE pages;" DOCKER_OUTPUT_run="an archive"
today=$(date +%F)

"$LANTERN_HOME/bin/lantern" backup
[ "$(gunzip -c "$BACKUP_DIR/postgres/wiki-$today.sql.gz")" = "CREATE TABLE pages;" ]
[ "$(gunzip -c "$BACKUP_DIR/postgres/tasks-$today.sql.gz")" = "CREATE TABLE pages;" ]
[ "$(gunzip -c "$BACKUP_DIR/volumes/lantern_uploads-$today.tar.gz")" = "an archive" ]
