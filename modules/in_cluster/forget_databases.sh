# Drops the databases and roles whose names begin with $PREFIX and whose team is not in $THERE; prints a name a line.
# A role's name may have something before the team's: such a team has several.
set -eu
PATH=/usr/lib/postgresql/15/bin:$PATH
psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
SET client_min_messages = warning;
\getenv there THERE
\getenv prefix PREFIX
CREATE TEMPORARY TABLE gone AS
  SELECT rolname AS name FROM pg_roles WHERE rolname ~ ('^([a-z]+-)?' || :'prefix')
  AND substring(rolname from :'prefix' || '.*$') <> ALL (string_to_array(:'there', ' '));
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', name) FROM gone \gexec
SELECT format('DROP ROLE %I', name) FROM gone \gexec
SELECT name FROM gone;
SQL
