#!/bin/bash
# The streaming replica: copies the primary if it has nothing, or if the primary no longer holds the WAL it needs next.
set -euo pipefail
umask 077
. /etc/foliot/settings.sh

slot=replica
primary="host=${PRIMARY_HOST:-postgres} user=replicator application_name=$slot passfile=/tmp/pgpass connect_timeout=5"
printf '*:*:*:replicator:%s\n' "$(cat /run/secrets/foliot/replicator_password)" >/tmp/pgpass

ask() { psql -XAtq -v ON_ERROR_STOP=1 -v slot=$slot -d "$primary dbname=postgres" <<<"$1"; }

slot_lost() {
  [ "$(ask "SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = :'slot'" 2>/dev/null)" = t ]
}

# Complete or not at all: it is renamed when it holds everything.
copy_primary() {
  until ask 'SELECT 1' >/dev/null; do sleep 1; done
  ask "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
       WHERE slot_name = :'slot' AND wal_status = 'lost'" >/dev/null
  ask "SELECT pg_create_physical_replication_slot(:'slot', true)
       WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = :'slot')" >/dev/null
  rm -rf "$PGDATA.new"
  pg_basebackup -d "$primary" -D "$PGDATA.new" -X stream -S $slot -c fast
  touch "$PGDATA.new/standby.signal"
  rm -rf "$PGDATA"
  mv "$PGDATA.new" "$PGDATA"
}

# Without standby.signal it was promoted: it is a primary now, and its data are the only ones.
if [ ! -s "$PGDATA/PG_VERSION" ] || { [ -e "$PGDATA/standby.signal" ] && slot_lost; }; then
  copy_primary
fi
exec postgres "${settings[@]}" -c "primary_conninfo=$primary" -c primary_slot_name=$slot
