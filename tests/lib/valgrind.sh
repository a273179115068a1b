#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# valgrind.sh BUILD LOGS PROGRAM: run one unit test under valgrind. Each case
# is in a process of its own, as always: one that errs or leaks ends with 99,
# which Check takes for a failure. Prints "PASSED FAILED SKIPPED".

name=${3##*/}
log=$2/valgrind-$name.log
TEST_SLOW=1 CK_TIMEOUT_MULTIPLIER=20 timeout 900 "$1/libtool" --mode=execute valgrind \
    -q --error-exitcode=99 --leak-check=full \
    --errors-for-leak-kinds=definite "$3" >"$log" 2>&1
case $? in
0)
	echo 1 0 0
	;;
77)	# it needs what is not here, and says so
	echo 0 0 1
	;;
*)
	echo "==== valgrind $name" >&2
	tail -n 60 "$log" >&2
	echo 0 1 0
	;;
esac
