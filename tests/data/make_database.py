#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make a PostgreSQL database that has a bit of everything.

usage: make_database.py [--size MB] [--seed N] [--subscription] CONNINFO

CONNINFO is any libpq connection string of a superuser; the database it names
is made if it is not there, and must be empty. MB is about the size of
`pg_dump -Fc -Z0` of the result, at least 17. The same size and seed give the
same content. What is made is written in sql/*.sql, in order; a subscription
(to a publisher that is not there, and disabled) only where it is asked for,
because a database that has one can be neither copied nor dropped as it is.
"""

import argparse
import base64
import glob
import hashlib
import hmac
import os
import re
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from words import slots  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
SLOTS = 2048
BASE_MB = 15.0         # what all but the two text tables take in a dump
DOCUMENT_BYTES = 612   # one row of library.documents in a dump
EVENT_BYTES = 126      # one of library.events
PASSWORDS = {'library_reader': 'reading is free', 'library_writer': 'Schr€ib'}


SUBSCRIPTION = """
CREATE SUBSCRIPTION "far away" CONNECTION 'host=nowhere.invalid dbname=x'
    PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false);
COMMENT ON SUBSCRIPTION "far away" IS 'nobody there';
"""


class MakeError(Exception):
    """The database could not be made; the message is psql's own."""


def tool(name):
    """The newest installed client program of that name."""
    found = glob.glob('/usr/lib/postgresql/*/bin/' + name)
    if found:
        return max(found, key=lambda p: float(p.split('/')[4]))
    return name


def scram(password, salt):
    """What PostgreSQL keeps of a password, with a salt that is given."""
    salted = hashlib.pbkdf2_hmac('sha256', password.encode(), salt, 4096)
    client = hmac.digest(salted, b'Client Key', 'sha256')
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b'Server Key', 'sha256')
    return 'SCRAM-SHA-256$4096:%s$%s:%s' % tuple(
        base64.b64encode(part).decode() for part in (salt, stored, server))


def with_database(conninfo, name):
    """The same connection to another database of the server."""
    if '=' not in conninfo and '://' not in conninfo:
        conninfo = ''
    if re.match(r'postgres(ql)?://', conninfo):
        parts = urllib.parse.urlsplit(conninfo)
        return urllib.parse.urlunsplit(
            parts._replace(path='/' + urllib.parse.quote(name, safe='')))
    quoted = name.replace('\\', '\\\\').replace("'", "\\'")
    return f"{conninfo} dbname='{quoted}'"


def database_name(conninfo):
    """The database that a connection string names."""
    if re.match(r'postgres(ql)?://', conninfo):
        path = urllib.parse.urlsplit(conninfo).path.lstrip('/')
        if path:
            return urllib.parse.unquote(path)
    found = re.findall(r"\bdbname\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))",
                       conninfo)
    if found:
        return re.sub(r'\\(.)', r'\1', found[-1][0] or found[-1][1])
    if '=' not in conninfo and '://' not in conninfo:
        return conninfo
    return os.environ.get('PGDATABASE') or 'postgres'


def psql(conninfo, script, *options, variables=None, env=None):
    """Run a script and return what it printed; MakeError if it fails."""
    command = [tool('psql'), '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1',
               '-v', 'VERBOSITY=verbose', *options]
    for name, value in (variables or {}).items():
        command += ['-v', f'{name}={value}']
    env = dict(os.environ if env is None else env, PGCLIENTENCODING='UTF8',
               PGOPTIONS='-c client_min_messages=error')
    done = subprocess.run(command + ['-d', conninfo], input=script.encode(),
                          env=env, capture_output=True, check=False)
    if done.returncode != 0:
        raise MakeError(done.stderr.decode(errors='replace').strip())
    return done.stdout.decode()


def ensure_database(conninfo, name, env):
    """Make the database where it is missing; refuse one with content."""
    other = with_database(conninfo, 'postgres')
    there = psql(other, "SELECT 1 FROM pg_database WHERE datname = :'name'",
                 variables={'name': name}, env=env)
    if not there.strip():
        psql(other, 'CREATE DATABASE :"name" TEMPLATE template0'
             " ENCODING 'UTF8'", variables={'name': name}, env=env)
    used = psql(conninfo, "SELECT relname FROM pg_class WHERE oid > 16383"
                " LIMIT 1", env=env)
    if used.strip():
        raise MakeError(f"database '{name}' is not empty: it has"
                        f" '{used.strip()}'")


def helpers(seed):
    """SQL for what all scripts draw from, in a schema dropped at the end."""
    words = ','.join(f"({slot},'{word}')"
                     for slot, word in enumerate(slots(SLOTS)))
    return f"""
CREATE SCHEMA make_sample;
SET search_path = make_sample, ext;
SET TimeZone = 'UTC';
SET bytea_output = 'hex';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET xmloption = 'content';
CREATE FUNCTION pick(bigint, integer) RETURNS integer LANGUAGE sql IMMUTABLE
    AS 'SELECT (hashint8extended($1, {int(seed)} * 1000 + $2)
        & {SLOTS - 1})::integer';
CREATE FUNCTION pick_of(bigint, integer, integer) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS 'SELECT ((hashint8extended($1, {int(seed)} * 1000 + $2)
        & 2147483647) % $3)::integer';
CREATE TABLE words (slot integer PRIMARY KEY, word text);
INSERT INTO words VALUES {words};
SET work_mem = '256MB';
SET maintenance_work_mem = '256MB';
"""


def make(conninfo, size_mb=17, seed=1, env=None, subscription=False):
    """Make the database; the passwords of its roles are in PASSWORDS.

    `env` is the environment of psql (where PGPASSWORD may be); None: ours.
    """
    name = database_name(conninfo)
    ensure_database(conninfo, name, env)
    text_mb = max(size_mb - BASE_MB, 2.0)
    salt = hashlib.sha256(b'%d' % seed).digest()[:16]
    variables = {
        'dbname': name,
        'pool': int(min(max(text_mb * 1000, 2000), 130000)),
        'documents': int(text_mb * 0.8e6 / DOCUMENT_BYTES),
        'events': int(text_mb * 0.2e6 / EVENT_BYTES),
        'scram_reader': scram(PASSWORDS['library_reader'], salt),
        'scram_writer': scram(PASSWORDS['library_writer'], salt),
    }
    script = helpers(seed)
    for path in sorted(glob.glob(os.path.join(FOLDER, 'sql', '*.sql'))):
        with open(path, encoding='utf-8') as file:
            script += file.read()
    script += 'DROP SCHEMA make_sample CASCADE;\n'
    if subscription:
        script += SUBSCRIPTION
    psql(conninfo, script, '-1', variables=variables, env=env)
    # Filled and hinted pages, so that a first dump writes nothing.
    psql(conninfo, 'VACUUM (ANALYZE, FREEZE)', env=env)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        description='make a PostgreSQL database with a bit of everything')
    parser.add_argument('--size', type=float, default=17, metavar='MB',
                        help="about the size of its dump (default 17)")
    parser.add_argument('--seed', type=int, default=1, metavar='N',
                        help='other content for another number (default 1)')
    parser.add_argument('--subscription', action='store_true',
                        help='with a subscription, which is disabled')
    parser.add_argument('conninfo', metavar='CONNINFO',
                        help='libpq connection string of a superuser')
    args = parser.parse_args()
    began = time.monotonic()
    try:
        make(args.conninfo, args.size, args.seed,
             subscription=args.subscription)
    except MakeError as error:
        print(f'make_database: {error}', file=sys.stderr)
        return 1
    print(f"made '{database_name(args.conninfo)}', {args.size:g} MB, in"
          f' {time.monotonic() - began:.1f} s', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
