#!/bin/bash
# The data source `demo`: a database of its own and a role that may only read it.
set -euo pipefail
sql() { psql -Xq -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" "$@"; }
sql -d postgres -v password="$(cat /run/secrets/foliot/demo_password)" <<'SQL'
CREATE ROLE foliot_demo LOGIN PASSWORD :'password';
CREATE DATABASE demo;
REVOKE ALL ON DATABASE demo FROM PUBLIC;
GRANT CONNECT ON DATABASE demo TO foliot_demo;
SQL
sql -d demo -f /etc/foliot/demo.sql
