#!/bin/bash
# Sets `settings`: PostgreSQL's arguments, sized from the memory of its container.
# The shares are those of a 64 GB server with shared_buffers 16 GB, effective_cache_size 48 GB, work_mem 50 MB and
# maintenance_work_mem 2 GB. Primary and replica take the same: a standby must allow as many connections as its primary.
memory=${POSTGRES_MEMORY_MB:?is the memory of this container in MB}
work_mem=$((memory / 1280))

settings=(
  -c hba_file=/etc/foliot/pg_hba.conf
  -c max_connections="${POSTGRES_MAX_CONNECTIONS:-200}"
  -c shared_buffers="$((memory / 4))MB"
  -c effective_cache_size="$((memory * 3 / 4))MB"
  -c work_mem="$((work_mem > 4 ? work_mem : 4))MB"
  -c maintenance_work_mem="$((memory / 32))MB"
  -c min_wal_size=1GB # recycled, not made anew: making one is 16 MB of zeros and their fsync, and no commit meanwhile
  -c max_wal_size=4GB
  -c wal_level=replica
  -c max_wal_senders=10
  -c max_replication_slots=10
  -c max_slot_wal_keep_size="${POSTGRES_SLOT_WAL_KEEP:-1GB}" # a replica that is gone must not fill the disk
  -c hot_standby=on
  -c hot_standby_feedback=on
  -c wal_retrieve_retry_interval=500ms
  -c timezone=UTC
  -c log_timezone=UTC
)
