#!/bin/sh
# Makes Temporal's two databases and brings their schema up to this version. Running it again changes nothing.
set -eu
SQL_PASSWORD="$(cat /run/secrets/postgres_password)"
export SQL_PASSWORD
for database in temporal visibility; do
  name=temporal
  [ "$database" = visibility ] && name=temporal_visibility
  tool="temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user driftless --database $name"
  $tool create-database
  $tool setup-schema --version 0.0
  $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$database/versioned"
done
