# SPDX-License-Identifier: BSD-2-Clause
# What is wrong in the configuration is named with its place; exit status 2.
# The hints are the library's, and its own tests look at them.
try() {
	printf '%s\n' "$@" >bad.conf
	dbb-backup -c bad.conf config check 2>said
	echo "exit $?"
	grep '^dbb-backup: ' said
}
try '[repository]' 'compresion = 3' 'url = file:///srv/dbbackup'
try '[repositry]' 'url = file:///srv/dbbackup'
try '[repository]' 'compression = 77'
try '[schedule]' 'backup = 0 2 * * *'
dbb-backup -c missing.conf config check 2>said
echo "exit $?"
grep -o "'missing.conf': .*" said
dbb-backup config check
echo "exit $?"
