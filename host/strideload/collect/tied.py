"""Become a program that ends with its parent: tied.py PARENT_PID PROGRAM ARGUMENT...

A script of its own instead of subprocess's preexec_fn, which can deadlock in a process with threads. Linux ties
a child to the thread that started it, so that thread has to live as long as the child should.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h

if __name__ == "__main__":
    parent, program = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        # SIGTERM, upon which Mosquitto writes down what it holds.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before the tie was there
        sys.exit(1)
    os.execv(program, sys.argv[2:])
