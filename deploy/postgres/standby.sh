#!/bin/bash
# Copies the primary on the first start, then follows it.
set -euo pipefail
export PGDATA=/var/lib/postgresql/standby
export PGPASSFILE=/tmp/pgpass
(umask 077 && echo "postgres:5432:*:replication:$(cat /run/secrets/replication)" > "$PGPASSFILE")
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  pg_basebackup --host=postgres --username=replication --pgdata="$PGDATA" --slot=standby --write-recovery-conf --checkpoint=fast
fi
exec postgres -D "$PGDATA" -c hot_standby=on
