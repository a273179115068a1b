# SPDX-License-Identifier: BSD-2-Clause
#
# What tests/demo and tests/all share: packages, the copy of the sources, and
# builds of it. Sourced, by sh; sets root, cache and source.
#
# All that is built lives below ${XDG_CACHE_HOME:-~/.cache}/libdbbackup:
# source/ is a copy of this tree in which only what differs is ever written,
# build-*/ are builds of it. So make builds again only what changed, also
# when the tree is a fresh checkout, and the tree itself stays clean.

build_packages='gcc make autoconf automake libtool pkgconf libc6-dev
libcurl4-openssl-dev libpq-dev libssl-dev libjson-c-dev libzstd-dev
libinih-dev libexpat1-dev check'
server_packages='postgresql-15 postgresql-client-15 python3'

die() {
	echo "${0##*/}: $1" >&2
	[ -z "${2-}" ] || echo "hint: $2" >&2
	exit 1
}

# Run it with its words in a file, and show their end when it fails.
quietly() {
	log=$1
	shift
	"$@" >"$log" 2>&1 && return
	tail -n 40 "$log" >&2
	return 1
}

# ---- packages ----

missing_packages() {
	for package; do
		dpkg-query -W -f='${db:Status-Status}\n' "$package" \
		    2>/dev/null | grep -qx installed || printf ' %s' "$package"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Install those of the packages that are missing; nothing is asked and nothing
# is removed.
need_packages() {
	if ! command -v dpkg-query >/dev/null; then
		echo "this is no Debian: taking for granted what is needed"
		return 0
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		die "packages are missing:$missing" \
		    "as root: apt-get install$missing"
	echo "installing$missing"
	quietly "$cache/apt-update.log" as_root apt-get -q update ||
		die "'apt-get update' failed" "is there a network?"
	# shellcheck disable=SC2086 # a list of words
	quietly "$cache/apt-install.log" as_root env \
	    DEBIAN_FRONTEND=noninteractive apt-get -qy --no-remove \
	    --no-install-recommends install $missing ||
		die "'apt-get install$missing' failed"
}

# ---- folders ----

find_cache() {
	base=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
	base=${base:-${TMPDIR:-/tmp}/cache-$(id -u)}
	cache=$base/libdbbackup
	mkdir -p "$cache" 2>/dev/null && [ -O "$cache" ] ||
		die "'$cache' cannot be used for building" \
		    "name another folder: XDG_CACHE_HOME=/some/folder sh $0"
	# One at a time: two would build in the same folders.
	exec 9>"$cache/lock"
	flock -n 9 || {
		echo "waiting for another run that uses '$cache'"
		flock 9
	}
}

list_sources() {
	find .ci .gitignore LICENSE Makefile.am README.md bindings \
	    configure.ac doc frontends include lib libbackup.pc.in tests \
	    \( -name __pycache__ -o -name .libs -o -name .deps \
	    -o -name .pytest_cache \) -prune -o -type f \
	    ! -name '*.o' ! -name '*.lo' ! -name '*.la' ! -name .dirstamp \
	    -print 2>/dev/null | LC_ALL=C sort
}

# Bring the copy of the sources up to date, writing only what differs.
copy_sources() {
	source=$cache/source
	mkdir -p "$source"
	(cd "$root" && list_sources) >"$cache/files"
	(cd "$source" && list_sources) >"$cache/files.old"
	LC_ALL=C comm -13 "$cache/files" "$cache/files.old" |
	    while IFS= read -r file; do
		rm -f "$source/$file"
	done
	while IFS= read -r file; do
		cmp -s "$root/$file" "$source/$file" && continue
		mkdir -p "$source/$(dirname "$file")" &&
		    cp "$root/$file" "$source/$file" || return
	done <"$cache/files"
	[ -f "$source/configure" ] && return
	(cd "$source" && quietly "$cache/autoreconf.log" autoreconf -i)
}

# build NAME [configure option ...]: make build-NAME what it should be.
build() {
	build=$cache/build-$1
	shift
	mkdir -p "$build"
	if [ "$(cat "$build/configured" 2>/dev/null)" != "with $*" ]; then
		(cd "$build" && quietly "$build/configure.log" \
		    "$source/configure" -q "$@") ||
			die "configuring failed; see $build/config.log"
		echo "with $*" >"$build/configured"
	fi
	quietly "$build/make.log" make -s -C "$build" -j"$(nproc)" ||
		die "building failed in $build" \
		    "to build all anew: rm -r '$cache'"
}
