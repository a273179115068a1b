#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# qdrant_engine.sh FOLDER: put the storage engine of Qdrant, a package of PyPI
# (tests/qdrant answers for it as a server does), into FOLDER. What is there
# and of the right version stays.
set -eu

package=qdrant-edge-py
version=0.9.0

[ "$(cat "$1/installed" 2>/dev/null)" != "$version" ] || exit 0
rm -rf "$1"
mkdir -p "$1"
/usr/bin/python3 -m pip install -q --no-deps --only-binary :all: \
    --target "$1" "$package==$version"
echo "$version" >"$1/installed"
