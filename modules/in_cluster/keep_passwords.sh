#!/bin/sh
# PostgreSQL lets every role change its own password, and whoever reads the Secret would be locked out. So once a minute
# each consumer's is set to what make_database.sh has noted. Runs beside the server, and ends with it.
PATH=/usr/lib/postgresql/15/bin:$PATH
export PGHOST=/tmp PGUSER=postgres
PGPASSWORD=$(cat /administrator/password)
export PGPASSWORD
while sleep 60; do
  psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
SELECT format('ALTER ROLE %I PASSWORD %L', role, verifier) FROM accounts JOIN pg_authid ON rolname = role
  WHERE rolpassword IS DISTINCT FROM verifier \gexec
SQL
done
