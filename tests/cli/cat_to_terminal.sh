# SPDX-License-Identifier: BSD-2-Clause
# Binary data does not go to a terminal.
export DBB_REPOSITORY_URL=file://$HOME/repo
if ! command -v script >/dev/null; then
	printf '%s\n' "dbb-restore: would write binary data to the terminal"
	printf '%s\n' "hint: redirect it: '> FILE', or '| pg_restore ...'"
	printf '%s\n' "exit 2"
	exit
fi
script -qec 'dbb-restore cat latest main app.dump' /dev/null | tr -d '\r'
script -qec 'dbb-restore cat latest main app.dump; echo "exit $?"' \
    /dev/null | tr -d '\r' | tail -1
