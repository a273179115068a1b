# SPDX-License-Identifier: BSD-2-Clause
# Help goes to standard output and is no failure.
for program in dbb-backup dbb-restore; do
	$program --help
	echo "exit $?"
	$program --version
	echo "exit $?"
done
for verb in init run list show verify prune config; do
	dbb-backup $verb --help
	echo "exit $?"
done
for verb in list run cat export; do
	dbb-restore $verb -h
	echo "exit $?"
done
