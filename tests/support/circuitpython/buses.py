"""busio and sdcardio."""

from __future__ import annotations

import errno
from types import ModuleType
from typing import TYPE_CHECKING, Any

from strideload.simulate.bus import SimulatedI2C

from .pins import Owner, Pin

if TYPE_CHECKING:
    from .machine import Machine


class I2C(SimulatedI2C):
    """The bus with the machine's devices behind it."""

    def __init__(self, scl: Pin, sda: Pin, *, frequency: int = 100_000, timeout: int = 255) -> None:
        machine = scl.machine
        if machine.chip != "esp32s3" and (
            scl.number % 2 != 1 or sda.number % 2 or scl.number // 2 % 2 != sda.number // 2 % 2
        ):
            raise ValueError("Invalid pins")
        if not 0 < frequency <= 1_000_000:
            raise ValueError("frequency must be 1-1000000")
        self._owner: Owner | None = Owner(scl, sda)
        if not machine.pull_ups or machine.stuck_clocks:
            self._owner.deinit()
            raise RuntimeError("No pull up found on SDA or SCL; check your wiring")
        super().__init__(machine.devices)
        self.frequency = frequency
        self._machine = machine

    def deinit(self) -> None:
        if self._owner is not None:
            self._owner.deinit()
            self._owner = None

    def try_lock(self) -> bool:
        if self._owner is None:
            # The real one answers False, and Adafruit's bus device asks for ever.
            raise AssertionError("the lock of a deinitialised bus was asked for")
        return super().try_lock()

    def _device(self, address: int) -> Any:
        if self._owner is None:
            raise ValueError("Object has been deinitialized and can no longer be used. Create a new object.")
        if self._machine.stuck_clocks:
            self._need_lock()
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        return super()._device(address)


class SPI(Owner):
    def __init__(self, clock: Pin, MOSI: Pin | None = None, MISO: Pin | None = None) -> None:
        super().__init__(*[pin for pin in (clock, MOSI, MISO) if pin is not None])


class SDCard(Owner):
    def __init__(self, bus: SPI, cs: Pin, baudrate: int = 8_000_000) -> None:
        bus.check()
        super().__init__(cs)
        if cs.machine.card is None:
            self.deinit()
            raise OSError("no SD card")
        self.volume = cs.machine.card


def busio_module(_machine: Machine) -> ModuleType:
    from .machine import module

    return module("busio", I2C=I2C, SPI=SPI)


def sdcardio_module(_machine: Machine) -> ModuleType:
    from .machine import module

    return module("sdcardio", SDCard=SDCard)
