"""The simulated bus takes what busio takes and refuses what busio refuses."""

import errno

import pytest

from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import Nack


class Memory:
    """A device with 256 bytes; a write is an address and values."""

    def __init__(self):
        self.bytes = bytearray(range(256))
        self.pointer = 0
        self.answers = True

    def write(self, data):
        if not self.answers:
            raise Nack
        if data:
            self.pointer = data[0]
            self.bytes[self.pointer : self.pointer + len(data) - 1] = data[1:]

    def read(self, count):
        return bytes(self.bytes[self.pointer : self.pointer + count])


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def bus(memory):
    bus = SimulatedI2C({0x50: memory, 0x51: Memory()})
    assert bus.try_lock()
    return bus


def test_a_lock_is_taken_once():
    bus = SimulatedI2C({})
    assert bus.try_lock()
    assert not bus.try_lock()
    bus.unlock()
    assert bus.try_lock()


CALLS = [
    ("scan", lambda bus: bus.scan()),
    ("writeto", lambda bus: bus.writeto(0x50, b"")),
    ("readfrom_into", lambda bus: bus.readfrom_into(0x50, bytearray(1))),
    ("writeto_then_readfrom", lambda bus: bus.writeto_then_readfrom(0x50, b"\0", bytearray(1))),
    ("unlock", lambda bus: bus.unlock()),
]


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])
def test_nothing_goes_without_the_lock(call):
    with pytest.raises(RuntimeError, match="lock"):
        call(SimulatedI2C({0x50: Memory()}))


def test_scan(bus):
    assert bus.scan() == [0x50, 0x51]


def test_nobody_at_an_address(bus):
    with pytest.raises(OSError, match="0x6a") as caught:
        bus.writeto(0x6A, b"")
    assert caught.value.errno == errno.ENODEV


def test_no_acknowledgement(bus, memory):
    memory.answers = False
    with pytest.raises(OSError, match="Input/output") as caught:
        bus.writeto(0x50, b"\0")
    assert caught.value.errno == errno.EIO


def test_parts_of_buffers(bus):
    bus.writeto(0x50, b"..\x10\xaa\xbb..", start=2, end=5)
    into = bytearray(6)
    bus.writeto_then_readfrom(0x50, b".\x10.", into, out_start=1, out_end=2, in_start=1, in_end=4)
    assert into == b"\0\xaa\xbb\x12\0\0"
    bus.readfrom_into(0x50, into, start=4)
    assert into[4:] == b"\xaa\xbb"


def test_one_buffer_for_both_ways(bus):
    buffer = bytearray([0x20, 0, 0, 0])
    bus.writeto_then_readfrom(0x50, buffer, buffer, out_end=1, in_start=1, in_end=4)
    assert buffer == b"\x20\x20\x21\x22"
    buffer = bytearray([0x20, 0])
    bus.writeto_then_readfrom(0x50, buffer, buffer, out_end=1, in_start=0, in_end=2)
    assert buffer == b"\x20\x21"


def test_an_empty_read_is_refused(bus):
    with pytest.raises(ValueError, match="one byte"):
        bus.readfrom_into(0x50, bytearray(4), start=2, end=2)


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])
def test_a_closed_bus_is_refused(bus, call):
    bus.deinit()
    with pytest.raises(ValueError, match="deinitialized"):
        call(bus)
    with pytest.raises(ValueError, match="deinitialized"):
        bus.try_lock()


@pytest.mark.parametrize(("clocks", "times"), [(1, 1), (9, 1), (10, 2), (25, 3)])
def test_a_bus_whose_sda_is_held_is_clocked_free(bus, memory, clocks, times):
    """Nine clocks each time, on a new bus; until then every transfer times out and changes nothing."""
    bus.hold_sda(clocks)
    for _ in range(times):
        with pytest.raises(OSError, match="timed out") as caught:
            bus.writeto(0x50, b"\x10\xff")
        assert caught.value.errno == errno.ETIMEDOUT
        closed, bus = bus, bus.freed()
        with pytest.raises(ValueError, match="deinitialized"):
            closed.try_lock()
        assert bus.try_lock()
    assert memory.bytes[0x10] == 0x10
    bus.writeto(0x50, b"\x10\xff")
    assert memory.bytes[0x10] == 0xFF
