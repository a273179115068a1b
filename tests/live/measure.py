# SPDX-License-Identifier: BSD-2-Clause
"""usage: measure.py REPORT PROGRAM [ARGUMENT ...]

Runs the program and writes its peak memory and times to REPORT as JSON. A
process's peak begins with that of the one it was forked from, so this is a
small one. The peak is the largest of the program and of the children that it
waited for: never less than its own.
"""

import json
import os
import signal
import sys
import time

began = time.monotonic()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda n, _: os.kill(child, n))
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], 'w', encoding='utf-8') as report:
    json.dump({'peak_kb': used.ru_maxrss,
               'seconds': time.monotonic() - began,
               'cpu_seconds': used.ru_utime + used.ru_stime}, report)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
