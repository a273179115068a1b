# SPDX-License-Identifier: BSD-2-Clause
# With --json an error is one object on standard output, and nothing else is
# anywhere.
dbb-backup lsit --json
echo "exit $?"
dbb-backup --json --wrong list
echo "exit $?"
DBB_REPOSITORY_URL=file://$HOME/nowhere dbb-backup --json list >said
echo "exit $?"
wc -l <said
grep -o '^{"type":"error","code":"DBB_ENOREPO","exit":10,"message":"' said
