# SPDX-License-Identifier: BSD-2-Clause
# Keys come and go; one with which nothing can be read back.
export DBB_REPOSITORY_URL=file://$HOME/repo DBB_PASSWORD_FILE=$HOME/pass
echo "correct horse" >pass
echo "battery staple" >new
chmod 600 pass new
try() {
	echo "$*" >&2
	"$@"
	echo "$*: exit $?"
}
dbb-backup -q init | sed 's/(id [0-9a-f]*)/(id ID)/'
echo "--- add and list"
try dbb-backup key add tape --new-password-file new
dbb-backup key list | sed 's/ .*/ AGE/'
dbb-backup --json key list |
    sed 's/"created_at":"[^"]*"/"created_at":"TIME"/g'
try env DBB_PASSWORD_FILE=new dbb-backup list
echo "--- refused"
try dbb-backup key add tape --new-password-file new
try dbb-backup key add ../tape --new-password-file new
try dbb-backup key add other --new-password-file absent
try dbb-backup key add other
try dbb-backup key remove other
try dbb-backup key rename tape
try dbb-backup key add
try dbb-backup key list --write-only
try dbb-backup key remove tape --new-password-file new
try dbb-backup key list tape
try dbb-backup key export file
echo "--- remove"
try dbb-backup key remove default
try dbb-backup list
export DBB_PASSWORD_FILE=$HOME/new
try dbb-backup key remove tape
echo "--- the write-only key"
try dbb-backup key export --write-only writer
try dbb-backup key export --write-only writer
stat -c %a writer
unset DBB_PASSWORD_FILE
export DBB_REPOSITORY_KEY_FILE=$HOME/writer
try dbb-backup list
try dbb-backup -q init | sed 's/(id [0-9a-f]*)/(id ID)/'
dbb-backup key list | sed 's/ .*/ AGE/'
try dbb-backup key add other --new-password-file new
try dbb-backup key remove tape
try env DBB_PASSWORD_FILE=new dbb-backup list
try env DBB_REPOSITORY_KEY_FILE=absent dbb-backup list
sed 's/dbbackup-write-only-key-1/dbbackup-write-only-key-2/' writer >newer
try env DBB_REPOSITORY_KEY_FILE=newer dbb-backup list
sed 's/Z /Z 0/' writer >damaged
chmod 600 newer damaged
try env DBB_REPOSITORY_KEY_FILE=damaged dbb-backup list
try env DBB_REPOSITORY_URL=file://$HOME/none dbb-backup init
echo "--- a repository that is not sealed has none"
export DBB_REPOSITORY_URL=file://$HOME/open
unset DBB_REPOSITORY_KEY_FILE
dbb-backup -q init | sed 's/(id [0-9a-f]*)/(id ID)/'
try dbb-backup key list
try dbb-backup key add other --new-password-file new
try env DBB_REPOSITORY_KEY_FILE=writer dbb-backup list
exit 0
