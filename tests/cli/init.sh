# SPDX-License-Identifier: BSD-2-Clause
# A repository is made, once; then it is empty, whole, and listed.
export DBB_REPOSITORY_URL=file://$HOME/repo
dbb-backup init >first
echo "exit $?"
sed 's/(id [0-9a-f]*)/(id ID)/' first
dbb-backup init >second
echo "exit $?"
sed 's/(id [0-9a-f]*)/(id ID)/' second
grep -o '(id [0-9a-f]*)' first >a
grep -o '(id [0-9a-f]*)' second >b
cmp a b && echo "the same id"
dbb-backup list
echo "exit $?"
dbb-backup --json list
echo "exit $?"
dbb-backup verify --read-data
echo "exit $?"
dbb-backup show 2026
echo "exit $?"
dbb-restore run latest
echo "exit $?"
