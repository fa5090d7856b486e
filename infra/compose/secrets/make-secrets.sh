#!/bin/bash
# Makes a password for each login that has none yet, and hands each service the files that it needs and no others.
# A password of one's own: put it into the file before the first start (SECRETS_DIR), see docs/deployment.md.
set -euo pipefail
umask 022

password() {
  [ -s "/secrets/$1" ] || head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"/secrets/$1"
  # It becomes part of a URL, and is never printed.
  grep -qxE '[A-Za-z0-9._~-]+' "/secrets/$1" || { echo "secrets: $1 may hold letters, digits and . _ ~ - only" >&2; exit 1; }
  cat "/secrets/$1"
}

give() { # consumer, file, content
  printf '%s\n' "$3" >"/to/$1/.$2"
  mv "/to/$1/.$2" "/to/$1/$2"
}

database() { echo "postgresql://$1:$(password "$1")@$2:5432/${3:-foliot}"; }

amqp=amqp://foliot:$(password rabbitmq)@rabbitmq:5672/%2F

give postgres owner_password "$(password owner)"
give postgres replicator_password "$(password replicator)"
give postgres demo_password "$(password foliot_demo)"

give rabbitmq rabbitmq.conf "default_user = foliot
default_pass = $(password rabbitmq)"

give migrate database_url "postgresql://foliot:$(password owner)@postgres:5432/foliot"
for service in api scheduler worker maintenance; do
  give migrate ${service}_password "$(password foliot_$service)"
done

give api database_url "$(database foliot_api postgres)"
give api database_replica_url "$(database foliot_api replica)"

give scheduler database_url "$(database foliot_scheduler postgres)"
give scheduler maintenance_database_url "$(database foliot_maintenance postgres)"
give scheduler amqp_url "$amqp"
give scheduler zookeeper_password "$(password zookeeper)"

give worker database_url "$(database foliot_worker postgres)"
give worker amqp_url "$amqp"
give worker datasources.json "{\"demo\": {\"url\": \"$(database foliot_demo postgres demo)\"}}"

give grafana admin_password "$(password grafana)"

# Only their owner has these.
for key in pagerduty-key slack-webhook; do
  if [ -s "/secrets/$key" ]; then give alertmanager "$key" "$(cat "/secrets/$key")"; fi
done
