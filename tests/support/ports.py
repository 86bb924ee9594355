"""Ports of this computer for servers of tests, none of them given out twice."""

import fcntl
import os
import random
import tempfile
from functools import cache
from pathlib import Path

from strideload.collect.address import LISTENING_PORTS, LOOPBACK, port_trouble

# Below those that the host itself picks from, in whatever processes it runs.
PORTS = range(12_000, LISTENING_PORTS.start)
LEDGER = Path(tempfile.gettempdir()) / f"strideload-test-ports-{os.getuid()}"

_given: set[int] = set()


@cache
def _ledger() -> int:
    return os.open(LEDGER, os.O_RDWR | os.O_CREAT, 0o600)


def _is_ours(port: int) -> bool:
    """Whether no other process of tests has it; it is held by a lock on a byte of the ledger until this one ends."""
    try:
        fcntl.lockf(_ledger(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port on which nobody listens, and which no other test is given as long as this process runs.

    So a server can be started there later or again, and what is to find nobody there finds nobody.
    """
    for port in random.sample(PORTS, len(PORTS)):
        if port not in _given and _is_ours(port) and port_trouble(port, LOOPBACK) is None:
            _given.add(port)
            return port
    raise RuntimeError(f"every port of {PORTS} is taken")
