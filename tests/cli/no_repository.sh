# SPDX-License-Identifier: BSD-2-Clause
# No repository: exit status 10, and the hint is to make one.
export DBB_REPOSITORY_URL=file://$HOME/repo
try() {
	"$@" 2>said
	echo "$*: exit $?"
	grep -o "^dbb-[a-z]*: no repository at '[^']*'" said
	grep -o "^hint: .*dbb-backup init" said
}
try dbb-backup list
try dbb-backup show latest
try dbb-backup verify
try dbb-restore list
try dbb-restore run latest
try dbb-restore cat latest main app.dump
try dbb-restore export latest out
ls
