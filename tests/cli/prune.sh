# SPDX-License-Identifier: BSD-2-Clause
# Without rules nothing is removed, and that is said; a wrong rule is refused.
export DBB_REPOSITORY_URL=file://$HOME/repo
dbb-backup prune
echo "exit $?"
dbb-backup init >/dev/null
dbb-backup prune
echo "exit $?"
dbb-backup prune --dry-run
echo "exit $?"
DBB_RETENTION_KEEP_LAST=3 dbb-backup prune
echo "exit $?"
BACKUP_RETENTION_DAYS=30 dbb-backup --json prune --dry-run | grep result
echo "exit $?"
DBB_RETENTION_KEEP_LAST=all dbb-backup prune
echo "exit $?"
DBB_RETENTION_HOURLY=3 dbb-backup prune
echo "exit $?"
dbb-backup prune everything
echo "exit $?"
