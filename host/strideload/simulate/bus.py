"""A simulated I2C bus with busio's surface: real CircuitPython drivers run on it."""

import errno
from collections.abc import Callable, Mapping
from typing import Protocol

from .chip import Nack


class Device(Protocol):
    """What sits at an address."""

    def write(self, data: bytes) -> None: ...
    def read(self, count: int) -> bytes: ...


FREEING_CLOCKS = (
    9  # a device in mid-answer lets go of SDA after the rest of a byte and no acknowledgement [UM10204]
)


class SimulatedI2C:
    """`devices`: address -> device. Refuses what busio refuses: no lock, nobody at that address, an empty
    read, anything while SDA is held low, and anything after `deinit`.

    A board's `free_bus` is `self.i2c = self.i2c.freed()`.
    """

    def __init__(self, devices: Mapping[int, Device]) -> None:
        self._devices = dict(devices)
        self._locked = False
        self._is_open = True
        self._held_clocks = 0

    def hold_sda(self, clocks: int = FREEING_CLOCKS) -> None:
        """For tests: a device holds SDA low until SCL was clocked so many times."""
        self._held_clocks = clocks

    def freed(self) -> "SimulatedI2C":
        """What a board does with a stuck bus: close it, clock SCL by hand, open it anew. -> the new bus.

        SDA may still be held then. This bus is of no use any more.
        """
        fresh = SimulatedI2C(self._devices)
        fresh.hold_sda(max(0, self._held_clocks - FREEING_CLOCKS))
        self.deinit()
        return fresh

    def try_lock(self) -> bool:
        self._need_open()
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self) -> None:
        self._need_lock()
        self._locked = False

    def scan(self) -> list[int]:
        self._need_lock()
        return sorted(self._devices)

    def deinit(self) -> None:
        self._is_open = False

    def writeto(self, address: int, buffer: bytes, *, start: int = 0, end: int | None = None) -> None:
        device = self._device(address)
        _transfer(lambda: device.write(bytes(memoryview(buffer)[start:end])))

    def readfrom_into(
        self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None
    ) -> None:
        device = self._device(address)
        view = memoryview(buffer)[start:end]
        if not len(view):
            raise ValueError("a read needs a buffer of one byte at least")

        def read() -> None:
            view[:] = device.read(len(view))

        _transfer(read)

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: bytes,
        in_buffer: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """Write, repeated start, read. Both may be the same buffer: all is written before anything is
        read."""
        self.writeto(address, out_buffer, start=out_start, end=out_end)
        self.readfrom_into(address, in_buffer, start=in_start, end=in_end)

    def _need_open(self) -> None:
        if not self._is_open:
            raise ValueError("Object has been deinitialized and can no longer be used.")

    def _need_lock(self) -> None:
        self._need_open()
        if not self._locked:
            raise RuntimeError("Function requires lock")

    def _device(self, address: int) -> Device:
        self._need_lock()
        if self._held_clocks:
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        if address not in self._devices:
            raise OSError(errno.ENODEV, f"No I2C device at address: 0x{address:x}")
        return self._devices[address]


def _transfer(action: Callable[[], None]) -> None:
    try:
        action()
    except Nack as error:
        raise OSError(errno.EIO, "Input/output error") from error
