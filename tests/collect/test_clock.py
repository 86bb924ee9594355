"""Pods get the time only from a clock that something sets."""

import ctypes
import sys
import time

import pytest

from strideload.collect import clock
from strideload_pod.boards import on_linux


class FakeLibrary:
    """The C library as far as it is asked; it refuses a buffer that the kernel would write beyond."""

    def __init__(self, state: int) -> None:
        self._state = state

    def adjtimex(self, buffer: ctypes.Array) -> int:
        assert ctypes.sizeof(buffer) >= 208
        assert bytes(buffer[: ctypes.sizeof(ctypes.c_uint)]) == bytes(4), "it would set something"
        return self._state


@pytest.mark.skipif(sys.platform != "linux", reason="adjtimex is Linux's")
@pytest.mark.parametrize(
    ("state", "known"),
    [(0, True), (1, True), (2, True), (3, True), (4, True), (5, False), (-1, False)],
    ids=["ok", "leap insert", "leap delete", "leap second", "leap over", "not synchronised", "refused"],
)
def test_the_time_is_known_while_the_kernel_says_so(
    monkeypatch: pytest.MonkeyPatch, state: int, known: bool
) -> None:
    monkeypatch.setattr(on_linux.ctypes, "CDLL", lambda _name: FakeLibrary(state))
    found = clock.synchronised_utc_ms()
    assert (found is not None) is known
    if found is not None:
        assert abs(found - time.time() * 1000) < 5000


@pytest.mark.skipif(sys.platform != "linux", reason="adjtimex is Linux's")
def test_the_real_kernel_can_be_asked() -> None:
    found = clock.synchronised_utc_ms()
    assert found is None or abs(found - clock.utc_ms()) < 5000


def test_elsewhere_the_time_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A C library without adjtimex, such as macOS has."""
    monkeypatch.setattr(on_linux.ctypes, "CDLL", lambda _name: object())
    assert clock.synchronised_utc_ms() is None
