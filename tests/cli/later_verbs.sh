# SPDX-License-Identifier: BSD-2-Clause
# Verbs of a later version are known, and refused.
for verb in status history setup daemon; do
	dbb-backup $verb
	echo "$verb: exit $?"
done
for verb in drill menu; do
	dbb-restore $verb
	echo "$verb: exit $?"
done
