# SPDX-License-Identifier: BSD-2-Clause
# An answer that cannot be written is a failure.
dbb-backup --help >/dev/full
echo "exit $?"
dbb-backup --version >&-
echo "exit $?"
