"""Identity, reset, ranges and rates of an LSM6DS chip: what imu.py uses of Adafruit's driver, by the same names, in a
tenth of its RAM.

A field is written as Adafruit's driver does it: its register is read, and written with other bits. What that driver
sets beside them at the start is left out, and so are its waits for a range to settle: `Imu` writes all of it again,
with both sensors off.
"""

from time import sleep

try:
    from micropython import const
except ImportError:

    def const(expr):
        return expr


_WHO_AM_I = const(0x0F)
_CTRL1_XL = const(0x10)
_CTRL2_G = const(0x11)
_CTRL3_C = const(0x12)
_SW_RESET = const(1)
_RESET_LOOKS = const(100)  # of 1 ms each; a reset takes 50 us


class Device:
    """A device on a bus with busio's surface, which is locked within `with`. OSError: nothing at that address."""

    def __init__(self, i2c, address, probe=True):
        self._i2c = i2c
        self._address = address
        if probe:
            with self:
                self.write(b"")

    def __enter__(self):
        while not self._i2c.try_lock():
            sleep(0)
        return self

    def __exit__(self, kind, value, trace):
        self._i2c.unlock()
        return False

    def write(self, data):
        self._i2c.writeto(self._address, data)

    def write_then_readinto(self, out, into, out_end, in_start, in_end):
        self._i2c.writeto_then_readfrom(
            self._address, out, into, out_end=out_end, in_start=in_start, in_end=in_end
        )


class Lsm6ds:
    """The chip after a reset. RuntimeError: another identity than this, or the reset does not end. OSError."""

    def __init__(self, i2c, address, identity):
        self.i2c_device = Device(i2c, address)
        self._out = bytearray(2)
        self._in = bytearray(1)
        got = self._get(_WHO_AM_I)
        if got != identity:
            raise RuntimeError("its identity is 0x%02x" % got)
        self._set(_CTRL3_C, 0, 1, _SW_RESET)
        for _ in range(_RESET_LOOKS):
            if not self._get(_CTRL3_C) & _SW_RESET:
                return
            sleep(0.001)
        raise RuntimeError("its reset does not end")

    accelerometer_range = property(None, lambda self, code: self._set(_CTRL1_XL, 2, 2, code))
    accelerometer_data_rate = property(None, lambda self, code: self._set(_CTRL1_XL, 4, 4, code))
    gyro_range = property(None, lambda self, code: self._set(_CTRL2_G, 2, 2, code))
    gyro_data_rate = property(None, lambda self, code: self._set(_CTRL2_G, 4, 4, code))

    def _get(self, register):
        self._out[0] = register
        with self.i2c_device as device:
            device.write_then_readinto(self._out, self._in, out_end=1, in_start=0, in_end=1)
        return self._in[0]

    def _set(self, register, lowest, bits, code):
        mask = (1 << bits) - 1 << lowest
        self._out[1] = self._get(register) & ~mask | code << lowest
        with self.i2c_device as device:
            device.write(self._out)
