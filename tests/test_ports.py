"""No two tests are given one port, in whatever processes they run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import ports

OTHER = """
import sys
from support import ports
ports.PORTS = [int(port) for port in sys.argv[1:]] or ports.PORTS
try:
    print(ports.free_port(), flush=True)
except RuntimeError:
    print("none", flush=True)
sys.stdin.read()
"""


@contextmanager
def other_process(*among: int) -> Iterator[str]:
    """What another process is given, which lives until the end of the block. `among`: the only ports that there are."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, *map(str, among)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def test_a_port_is_one_processs_as_long_as_that_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ports.free_port()
    with other_process(mine) as theirs:
        assert theirs == "none"
    with other_process() as theirs:
        monkeypatch.setattr(ports, "PORTS", [int(theirs)])
        with pytest.raises(RuntimeError, match="is taken"):
            ports.free_port()
    assert ports.free_port() == int(theirs)


def test_nor_is_it_given_twice_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ports.free_port()
    monkeypatch.setattr(ports, "PORTS", [mine])
    with pytest.raises(RuntimeError, match="is taken"):
        ports.free_port()
