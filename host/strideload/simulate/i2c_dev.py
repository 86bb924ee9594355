"""Linux' /dev/i2c-N, simulated underneath the real smbus2: only open, close and ioctl are replaced."""

import ctypes
import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from smbus2 import smbus2

from .bus import Device
from .chip import Nack

# linux/i2c-dev.h, drivers/i2c/i2c-dev.c
MESSAGES_LIMIT = 42
MESSAGE_BYTES_LIMIT = 8192

_FIRST_FD = 1 << 20  # beyond what the kernel gives out by default
_FUNCTIONS = smbus2.I2cFunc.I2C | smbus2.I2cFunc.SMBUS_EMUL


@contextmanager
def i2c_dev(devices: Mapping[int, Device], number: int = 1) -> Iterator[None]:
    """Within it, smbus2 finds /dev/i2c-`number` with these devices, and no other bus."""
    bus = _KernelBus(devices, f"/dev/i2c-{number}")
    names = SimpleNamespace(open=bus.open, close=bus.close, O_RDWR=os.O_RDWR)
    with patch.object(smbus2, "os", names), patch.object(smbus2, "ioctl", bus.ioctl):
        yield


class _KernelBus:
    """What the kernel does for one bus; errors as its drivers give them."""

    def __init__(self, devices: Mapping[int, Device], path: str) -> None:
        self._devices = dict(devices)
        self._path = path
        self._open: set[int] = set()

    def open(self, path: str, _flags: int) -> int:
        if path != self._path:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        fd = next(fd for fd in range(_FIRST_FD, _FIRST_FD + len(self._open) + 1) if fd not in self._open)
        self._open.add(fd)
        return fd

    def close(self, fd: int) -> None:
        self._need_open(fd)
        self._open.remove(fd)

    def ioctl(self, fd: int, request: int, argument: Any) -> int:
        self._need_open(fd)
        if request == smbus2.I2C_FUNCS:
            argument.value = int(_FUNCTIONS)
            return 0
        if request == smbus2.I2C_RDWR:
            return self._transfer(argument)
        raise _error(errno.ENOTTY)

    def _need_open(self, fd: int) -> None:
        if fd not in self._open:
            raise _error(errno.EBADF)

    def _transfer(self, data: smbus2.i2c_rdwr_ioctl_data) -> int:
        count = data.nmsgs
        if not 1 <= count <= MESSAGES_LIMIT:
            raise _error(errno.EINVAL)
        messages = [data.msgs[i] for i in range(count)]
        if any(m.len > MESSAGE_BYTES_LIMIT for m in messages):
            raise _error(errno.EINVAL)
        for message in messages:
            self._message(message)
        return count

    def _message(self, message: smbus2.i2c_msg) -> None:
        device = self._devices.get(message.addr)
        if device is None:
            raise _error(errno.EREMOTEIO)
        try:
            if message.flags & smbus2.I2C_M_RD:
                ctypes.memmove(message.buf, device.read(message.len), message.len)
            else:
                device.write(ctypes.string_at(message.buf, message.len))
        except Nack as error:
            raise _error(errno.EREMOTEIO) from error


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
