# SPDX-License-Identifier: BSD-2-Clause
# A sealed repository: made, opened, and refused in every way there is.
export DBB_REPOSITORY_URL=file://$HOME/repo DBB_PASSWORD_FILE=$HOME/pass
echo "correct horse" >pass
echo "wrong horse" >wrong
chmod 600 pass wrong
try() {
	echo "$*" >&2
	"$@"
	echo "$*: exit $?"
}
echo "--- made"
dbb-backup init | sed 's/(id [0-9a-f]*)/(id ID)/'
dbb-backup init | sed 's/(id [0-9a-f]*)/(id ID)/'
ls repo/keys
dbb-backup list
echo "exit $?"
dbb-backup --json init | grep '"result"' |
    sed 's/"id":"[0-9a-f]*"/"id":"ID"/'
echo "--- wrong passphrase"
try env DBB_PASSWORD_FILE=wrong dbb-backup list
echo "--- no passphrase"
try env -u DBB_PASSWORD_FILE dbb-backup list
echo "--- no file"
try env DBB_PASSWORD_FILE=absent dbb-backup list
try env DBB_PASSWORD_FILE=absent PGHOST=/nowhere dbb-backup config check
try env PGHOST=/nowhere dbb-backup config check
echo "--- from a command, and from the environment"
try env -u DBB_PASSWORD_FILE DBB_PASSWORD_COMMAND='cat pass' dbb-backup list
try env -u DBB_PASSWORD_FILE DBB_PASSWORD='correct horse' dbb-backup list
try env -u DBB_PASSWORD_FILE DBB_PASSWORD_COMMAND=false dbb-backup list
echo "--- a passphrase, and the repository is open"
env -u DBB_PASSWORD_FILE DBB_REPOSITORY_URL=file://$HOME/open \
    dbb-backup -q init | sed 's/(id [0-9a-f]*)/(id ID)/'
try env DBB_REPOSITORY_URL=file://$HOME/open dbb-backup list
try env DBB_REPOSITORY_URL=file://$HOME/open dbb-backup init
echo "--- a damaged key"
cp repo/keys/default whole
sed 's/"n":32768/"n":32769/' whole >repo/keys/default
try dbb-backup list
echo "--- a newer version's key"
sed 's/"format":1/"format":2/' whole >repo/keys/default
try dbb-backup list
echo "--- no key at all"
rm repo/keys/default
try dbb-backup list
cp whole repo/keys/default
echo "--- another repository's key"
env DBB_REPOSITORY_URL=file://$HOME/other dbb-backup -q init |
    sed 's/(id [0-9a-f]*)/(id ID)/'
cp other/keys/default repo/keys/default
try dbb-backup list
cp whole repo/keys/default
echo "--- and it is as it was"
try dbb-backup list
exit 0
