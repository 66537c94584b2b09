"""A process that attempts may find and must not touch. It tells of every signal that reaches it."""

import ctypes
import os
import signal
import sys

secret = ctypes.create_string_buffer(os.environ["DECOY_SECRET"].encode())


def heard(number, _frame):
    os.write(1, f"signal {number}\n".encode())


for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    signal.signal(number, heard)
print(ctypes.addressof(secret), len(secret.value), flush=True)
# Ends with the harness, whose end closes this pipe.
while sys.stdin.read(1):
    pass
