#!/bin/sh
# Make one backup a day. Looks at the clock once an hour.
set -u

heartbeat=${HEARTBEAT_FILE:-/tmp/heartbeat}
done_on=never

while :; do
    today=$(date +%F)
    if [ "$done_on" = "$today" ] || /lantern/bin/lantern backup; then
        done_on=$today
        touch "$heartbeat"
    fi
    sleep 3600
done
