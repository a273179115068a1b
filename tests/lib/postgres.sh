# SPDX-License-Identifier: BSD-2-Clause
#
# A throwaway PostgreSQL server, for tests/demo. It is reached through a Unix
# socket only, so that it needs no port, and by password. Sourced; needs
# common.sh.

postgres_bin() {
	for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
		[ -x "$bin/initdb" ] && echo "$bin" && return
	done
	bin=$(command -v initdb) && dirname "$bin"
}

# start_postgres FOLDER: make a server in it and start it. Sets pg_bin,
# pg_pid, pg_password_file and pg_version, and goes to the folder: the
# server's user may not be able to pass the one we are in.
start_postgres() {
	pg_bin=$(postgres_bin) ||
		die "no PostgreSQL server here" "apt-get install postgresql-15"
	pg_version=$("$pg_bin/postgres" --version | sed 's/^[^0-9]*//;s/ .*//')
	pg_password_file=$1/password
	cd "$1" || exit
	(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' \
	    >"$pg_password_file")
	mkdir server
	as_server=
	if [ "$(id -u)" = 0 ]; then	# which PostgreSQL refuses
		as_server='setpriv --reuid=postgres --regid=postgres
		    --init-groups'
		chown postgres: . server "$pg_password_file"
	fi
	quietly initdb.log $as_server "$pg_bin/initdb" -D "$1/server" \
	    -U postgres -A scram-sha-256 --pwfile="$pg_password_file" \
	    -E UTF8 --locale=C.UTF-8 ||
		die "making a PostgreSQL server in '$1/server' failed"
	$as_server "$pg_bin/postgres" -D "$1/server" -k "$1" \
	    -c listen_addresses= >server.log 2>&1 9>&- &
	pg_pid=$!
	for _ in $(seq 100); do
		"$pg_bin/pg_isready" -q -h "$1" && return
		sleep 0.1
	done
	cat server.log >&2
	die "the PostgreSQL server did not start within 10 seconds"
}

# Stop it by its own process id, and wait: its files are removed next.
stop_postgres() {
	[ -n "${pg_pid-}" ] || return 0
	kill -INT "$pg_pid" 2>/dev/null || return 0
	wait "$pg_pid" 2>/dev/null || :
	pg_pid=
}
