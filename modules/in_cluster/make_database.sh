#!/bin/sh
# Makes a consumer's role and database, or brings them to what they should be. PGHOST, PGPORT, PGUSER and PGPASSWORD
# are the administrator's; NAME and PASSWORD the consumer's. SHARED_WITH may name another role, which then may do all
# that the consumer may. At the end the consumer's password is tried.
set -eu
PATH=/usr/lib/postgresql/15/bin:$PATH
until pg_isready --quiet; do
  echo "waiting for the database at $PGHOST:$PGPORT"
  sleep 1
done
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
SET client_min_messages = warning;
\getenv name NAME
\getenv password PASSWORD
\set other ''
\getenv other SHARED_WITH
-- A role that may do more than a consumer's, and a database of another owner, are somebody else's.
SELECT format('DO %L', format('BEGIN RAISE EXCEPTION USING MESSAGE = %L; END', refused || ': choose another name'))
  FROM (
    SELECT format('%s is an administrator of this server', rolname) AS refused FROM pg_roles WHERE rolname = :'name'
      AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
    UNION ALL
    SELECT format('the database %s is %s''s', datname, rolname) FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba
      WHERE datname = :'name' AND rolname <> :'name'
  ) AS found \gexec
SELECT format('CREATE ROLE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN PASSWORD :'password';
SELECT to_regclass('accounts') IS NOT NULL AS kept \gset
\if :kept
INSERT INTO accounts SELECT rolname, rolpassword FROM pg_authid WHERE rolname = :'name'
  ON CONFLICT (role) DO UPDATE SET verifier = excluded.verifier;
\endif
-- Only a member may make somebody the owner, unless a superuser does.
GRANT :"name" TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SELECT :'other' <> '' AS shared \gset
\if :shared
SELECT format('CREATE ROLE %I', :'other') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'other') \gexec
GRANT :"name" TO :"other";
\endif
SQL
PGUSER=$NAME PGPASSWORD=$PASSWORD psql --no-psqlrc --quiet --tuples-only --dbname="$NAME" --command='SELECT' >/dev/null
echo "role and database $NAME are there"
