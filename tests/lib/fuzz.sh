#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# fuzz.sh BUILD LOGS SECONDS PROGRAM: let libFuzzer try one target. Prints
# "PASSED FAILED SKIPPED".

target=${4##*/fuzz_}
log=$2/fuzz-$target.log
if timeout $(($3 + 120)) sh "$(dirname "$0")/../fuzz/run" "$1" "$2/fuzz" \
    "$3" "$target" >"$log" 2>&1; then
	echo 1 0 0
else
	echo "==== fuzz $target" >&2
	tail -n 60 "$log" >&2
	echo 0 1 0
fi
