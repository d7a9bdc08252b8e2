#!/bin/sh
# Makes the database's files on the first start, then serves.
set -eu
PATH=/usr/lib/postgresql/15/bin:$PATH
files=/data/files
if [ ! -d "$files" ]; then
  # A start that was cut short leaves nothing that looks finished.
  rm -rf "$files.new"
  initdb --pgdata="$files.new" --username=postgres --pwfile=/administrator/password --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-instructions
  mv "$files.new" "$files"
fi
# What the administrator's Secret says counts at every start. `accounts` is what each consumer's Secret says; a line is
# a statement.
postgres --single -D "$files" -c config_file=/programs/postgresql.conf postgres >/dev/null <<END
ALTER ROLE postgres PASSWORD '$(cat /administrator/password)'
CREATE TABLE IF NOT EXISTS accounts (role name PRIMARY KEY, verifier text NOT NULL)
END
/bin/sh /programs/keep_passwords.sh &
exec postgres -D "$files" -c config_file=/programs/postgresql.conf
