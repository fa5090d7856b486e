#!/bin/bash
# Run once, by the image's entrypoint, when the data directory is made.
set -euo pipefail
psql -Xq -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
  -v password="$(cat /run/secrets/foliot/replicator_password)" \
  <<<"CREATE ROLE replicator REPLICATION LOGIN PASSWORD :'password';"
