# SPDX-License-Identifier: BSD-2-Clause
# What is wrong on the command line is said with what to do; exit status 2.
try() {
	echo "$*" >&2
	"$@"
	echo "$*: exit $?"
}
try dbb-backup
try dbb-backup lsit
try dbb-backup frobnicate
try dbb-backup --jsno list
try dbb-backup --label a=b run
try dbb-backup run --dry
try dbb-backup -c
try dbb-backup list extra
try dbb-backup show
try dbb-backup show a b
try dbb-backup -q -v list
try dbb-backup list --json=yes
try dbb-backup config
try dbb-backup config chek
try dbb-backup verify --read-data=0
try dbb-backup verify --read-data=101%
try dbb-backup verify --read-data=5x
try dbb-backup key
try dbb-restore
try dbb-restore rnu latest
try dbb-restore run
try dbb-restore run latest --no-safety-set
try dbb-restore cat latest main
try dbb-restore export latest
