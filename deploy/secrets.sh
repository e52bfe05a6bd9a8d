#!/bin/sh
# Makes the passwords compose.yaml reads, once: what is there stays.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
for name in postgres replication odoo_pulse grafana; do
  [ -s "secrets/$name" ] && continue
  head -c 24 /dev/urandom | base64 | tr '+/' '-_' > "secrets/$name"
  # the containers' users differ, and none of them is yours
  chmod 644 "secrets/$name"
  echo "made secrets/$name"
done
