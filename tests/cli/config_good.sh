# SPDX-License-Identifier: BSD-2-Clause
# A good configuration is called so, and shown without its secrets.
cat >dbbackup.conf <<'X'
[repository]
url = file:///srv/dbbackup   ; where it lies

[postgres "main"]
connection = postgresql://backup:sesame@db.example/app
databases = app, auth
password = sesame
X
dbb-backup config check
echo "exit $?"
dbb-backup config show
echo "exit $?"
DBB_REPOSITORY_COMPRESSION=7 dbb-backup --json config show
echo "exit $?"
mkdir elsewhere
mv dbbackup.conf elsewhere/my.conf
dbb-backup -c elsewhere/my.conf config check
echo "exit $?"
DBB_CONFIG=elsewhere/my.conf dbb-backup config check
echo "exit $?"
