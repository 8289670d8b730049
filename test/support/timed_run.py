"""Runs a command and tells, as JSON: its exit code, what it said on standard error, and the milliseconds from its start to its end without
those in which it was ready to run while others had the processor. Node cannot: it forgets a process before it could ask the kernel."""

import json
import os
import subprocess
import sys
import time


def waited_ms(pid):
    """Of the main thread; the kernel counts nanoseconds."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[1]) / 1e6


own = waited_ms("self")
begun = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
said = child.stderr.read()
# It has ended, and is not forgotten yet.
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
took_ms = (time.monotonic() - begun) * 1000 - waited_ms(child.pid) - (waited_ms("self") - own)
print(json.dumps({"code": child.wait(), "said": said.decode(), "tookMs": took_ms}))
