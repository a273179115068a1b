#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# analyse.sh BUILD: clang's static analyser over the library and the programs,
# in the folder of the sources. Zero warnings, on purpose.
set -u

one() {
	case $1 in
	lib/util/error.c | frontends/*) model= ;;
	*) model='-include tests/lib/analyse.h' ;;
	esac
	# shellcheck disable=SC2046,SC2086 # lists of words
	said=$(clang --analyze --analyzer-output text -std=c11 -DHAVE_CONFIG_H \
	    -I"$build" -Iinclude -Ilib -Ifrontends $model $(pkg-config \
	    --cflags json-c libpq libcurl libzstd libcrypto inih expat) \
	    -o /dev/null "$1" 2>&1)
	[ -z "$said" ] && return
	echo "$said"
	return 1
}

build=$1
if [ $# = 2 ]; then
	one "$2"
	exit
fi
find lib frontends -name '*.c' | sort |
    xargs -P "$(nproc)" -n 1 sh "$0" "$build"
