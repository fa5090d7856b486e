#!/bin/bash
# The primary: the image's own entrypoint with our settings.
set -euo pipefail
. /etc/foliot/settings.sh
if [ -n "${POSTGRES_SYNCHRONOUS_STANDBY:-}" ]; then
  settings+=(-c "synchronous_standby_names=$POSTGRES_SYNCHRONOUS_STANDBY")
  export PGOPTIONS='-c synchronous_commit=local' # of the image's initial scripts: no standby can exist yet
fi
exec docker-entrypoint.sh postgres "${settings[@]}"
