#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# part.sh PART ...: run parts of tests/all one after another, each ending with
# a line of its own here and with its counts in $logs/counts. tests/all starts
# it, sets root, cache, source and logs, and has build-plain built.
set -u

. "$root/tests/lib/common.sh"
plain=$cache/build-plain
python=/usr/bin/python3

# builds NAME [configure option ...]: a build that fails is a test that fails.
builds() {
	since=$(date +%s)
	build=$cache/build-$1
	(build "$@") && return
	record "build $1" "$since" 0 1 0
	return 1
}

# record NAME SINCE PASSED FAILED SKIPPED
record() {
	printf '%-44s %5d passed %3d failed %3d skipped %5d s\n' \
	    "$1" "$3" "$4" "$5" $(($(date +%s) - $2))
	echo "$3 $4 $5" >>"$logs/counts"
}

wait_for_s3_servers() {
	flock "$cache/servers.lock" true
}

# Counts of many programs, one line each; none at all is a failure.
add_up() {
	awk '{ p += $1; f += $2; s += $3 }
	    END { print p + 0, NR ? f + 0 : 1, s + 0 }'
}

# A part that either holds or not; the log is shown when it does not.
holds() {
	name=$1
	log=$logs/$2
	since=$(date +%s)
	shift 2
	if "$@" >"$log" 2>&1; then
		record "$name" "$since" 1 0 0
	else
		tail -n 60 "$log"
		record "$name" "$since" 0 1 0
	fi
}

# make_check NAME HOW BUILD
make_check() {
	wait_for_s3_servers
	since=$(date +%s)
	name=$1 how=$2 dir=$3
	find "$dir/tests" "$dir/bindings" -name '*.trs' -delete 2>/dev/null
	make --no-print-directory -C "$dir" -j"$(nproc)" check \
	    >"$logs/$name.log" 2>&1 ||
		[ -n "$(find "$dir/tests" -name '*.trs' -print -quit)" ] ||
		tail -n 60 "$logs/$name.log"	# it did not come to tests
	# shellcheck disable=SC2046 # three numbers
	record "$name" "$since" $("$python" "$root/tests/lib/tally.py" \
	    "$how" "$dir")
}

# live NAME BUILD [file ...]: two files at a time, each with servers of its
# own: they wait more than they work.
live() {
	wait_for_s3_servers
	since=$(date +%s)
	name=$1 dir=$2
	shift 2
	report=$logs/$name.xml
	rm -f "$report"
	(cd "$source" && DBB_BIN=$dir/frontends TEST_BUILD=$dir \
	    TEST_SOURCE=$source DBBACKUP_LIBRARY=$dir/lib/.libs/libdbbackup.so \
	    PYTHONDONTWRITEBYTECODE=1 timeout 2400 "$python" -m pytest -q \
	    -p no:cacheprovider -n 2 --dist loadfile --junitxml="$report" \
	    "$@") >"$logs/$name.log" 2>&1 || tail -n 150 "$logs/$name.log"
	counts='0 1 0'
	[ -f "$report" ] &&
	    counts=$("$python" "$root/tests/lib/tally.py" junit "$report")
	# shellcheck disable=SC2086 # three numbers
	record "$name" "$since" $counts
}

# The slowest first, so that no core waits for them at the end.
unit_programs() {
	find "$1/tests/unit" -maxdepth 1 -type f -name 'test_*' -perm -u+x |
	    sort | awk '/test_(tree|reader|writer)$/ { print; next }
		{ rest = rest $0 "\n" } END { printf "%s", rest }'
}

# ---- the parts ----

part_check() {
	make_check check automake "$plain"
}

part_asan() {
	builds asan --enable-werror --enable-sanitizers=yes || return
	make_check asan programs "$build"
}

part_tsan() {
	builds tsan --enable-werror --enable-sanitizers=thread || return
	make_check tsan programs "$build"
}

part_valgrind() {
	since=$(date +%s)
	make -s -C "$plain" -j"$(nproc)" check TESTS= \
	    >"$logs/valgrind-build.log" 2>&1
	# shellcheck disable=SC2046 # three numbers
	record valgrind "$since" $(unit_programs "$plain" |
	    TEST_SOURCE=$source xargs -P "$(nproc)" -n 1 \
	    sh "$root/tests/lib/valgrind.sh" "$plain" "$logs" | add_up)
}

# Two at a time, half a minute each.
part_fuzz() {
	builds fuzz --enable-fuzzing CC=clang || return
	since=$(date +%s)
	# shellcheck disable=SC2046 # three numbers
	record fuzz "$since" $(find "$build/tests/fuzz" -maxdepth 1 -type f \
	    -name 'fuzz_*' -perm -u+x | sort |
	    xargs -P 2 -n 1 sh "$root/tests/lib/fuzz.sh" "$build" "$logs" 30 |
	    add_up)
}

# As `make check` has it, but for longer.
crowd() {
	make -s -C "$plain" tests/fault/test_crowd &&
	    DBB_TEST_SECONDS=${DBB_TEST_SECONDS:-40} \
	    "$plain/tests/fault/test_crowd"
}

part_fault() {
	holds fault fault.log crowd
}

part_live() {
	live live "$plain" tests/live
}

part_live_asan() {
	builds asan --enable-werror --enable-sanitizers=yes || return
	live live-asan "$build" tests/live/test_round_trip.py
}

part_distcheck() {
	holds distcheck distcheck.log env TEST_SLOW=1 make -C "$plain" \
	    -j"$(nproc)" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror
}

analyse() {
	(cd "$source" && sh tests/lib/analyse.sh "$plain")
}

part_analyse() {
	holds analyse analyse.log analyse
}

# What a part has to say comes in one go, so that two that run beside each
# other can be read.
for part; do
	"part_$(echo "$part" | tr - _)" >"$logs/said-$part" 2>&1
	cat "$logs/said-$part"
done
