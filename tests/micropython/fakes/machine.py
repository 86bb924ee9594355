"""MicroPython's `machine` of a Pico W (PORT=rp2) or ESP32-S3 (PORT=esp32), on MicroPython for Unix.

It refuses what the port's own sources refuse: ports/rp2 and ports/esp32, machine_pin.c, machine_i2c.c, machine_adc.c,
machine_timer.c, machine_rtc.c, modmachine.c. Tests reach the world behind it by the names in capitals.

What is at the I2C bus lies behind a socket at CHIP_PORT; without one nobody answers there.
"""

import errno
import os
import socket
import struct
import time

PORT = os.getenv("PORT") or "rp2"
ESP32 = PORT == "esp32"

LEVELS = {}  # pin -> what the world drives it to; others float to their pull
WORLD = []  # functions (pin, level) that hear each pin that the program drives
SLEPT = []  # ms of each sleep
ASLEEP = []  # functions that are called in a sleep, for what happens meanwhile
RTC_SET = []  # tuples that the clock was set to
TIMERS = []  # those that run

_FUNCTION = {}  # pin -> "gpio", "i2c", ...
_PINS = {}  # pin -> the newest Pin of it: handlers belong to the pin, not to the object

if ESP32:
    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)
    PIN_WAKE = EXT0_WAKE = 2
    EXT1_WAKE = 3
    TIMER_WAKE = 4

    def wake_reason():
        return int(os.getenv("WAKE_REASON") or 0)

else:
    PWRON_RESET, WDT_RESET = 1, 3


def reset_cause():
    return int(os.getenv("RESET_CAUSE") or PWRON_RESET)


def unique_id():
    return bytes.fromhex(os.getenv("UNIQUE_ID") or ("f0f5bd010203" if ESP32 else "e6614103e7512c2f"))


def drive(pin, level):
    """The world drives a pin; a handler of it runs."""
    before = _PINS[pin].value() if pin in _PINS else level
    LEVELS[pin] = level
    if pin in _PINS:
        _PINS[pin]._heard(before, level)


def _number(id):
    if isinstance(id, Pin):
        return id.number
    if ESP32:
        # GPIO22 to 25 are not there on the S3, and names stand for numbers of a board that has them.
        if isinstance(id, int) and (0 <= id <= 21 or 26 <= id <= 48):
            return id
        raise ValueError("invalid pin")
    if id == "LED":
        return id
    if isinstance(id, str) and id[:2] == "GP" and id[2:].isdigit():
        id = int(id[2:])
    if isinstance(id, int) and 0 <= id <= 29:
        return id
    raise ValueError("invalid pin" if isinstance(id, int) else f"unknown named pin {id}")


class Pin:
    IN = 1 if ESP32 else 0
    OUT = 3 if ESP32 else 1
    OPEN_DRAIN = 7 if ESP32 else 2
    PULL_UP = 2 if ESP32 else 1
    PULL_DOWN = 1 if ESP32 else 2
    IRQ_RISING = 1 if ESP32 else 8
    IRQ_FALLING = 2 if ESP32 else 4

    def __init__(self, id, *words, **more):
        self.number = _number(id)
        before = _PINS.get(self.number)
        self._mode = before._mode if before else None
        self._pull = before._pull if before else None
        self._out = before._out if before else 0
        self._handler = before._handler if before else None
        self._trigger = before._trigger if before else 0
        self.held = False
        _PINS[self.number] = self
        if words or more:
            self.init(*words, **more)

    def init(self, mode=None, pull=None, value=None, hold=None):
        if hold is not None and not ESP32:
            raise TypeError("extra keyword arguments given")
        if mode not in (None, self.IN, self.OUT, self.OPEN_DRAIN):
            raise ValueError(f"invalid pin mode: {mode}")
        if self.number == "LED" and (mode == self.OPEN_DRAIN or pull is not None):
            raise ValueError("invalid mode for external pin")
        if mode is not None:
            self._mode = mode
            self._pull = pull
            _FUNCTION[self.number] = "gpio"
        self.held = bool(hold)
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is not None:
            if self.held:
                return None
            self._out = 1 if level else 0
            for hear in WORLD:
                hear(self.number, self._out)
            return None
        if self._mode == self.OUT or (self._mode == self.OPEN_DRAIN and not self._out):
            return self._out
        return LEVELS.get(self.number, 1 if self._pull == self.PULL_UP else 0)

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING):
        if self.number == "LED":
            raise ValueError("expecting a regular GPIO Pin")
        self._handler = handler
        self._trigger = trigger

    def _heard(self, before, level):
        edge = self.IRQ_RISING if level > before else self.IRQ_FALLING if level < before else 0
        if self._handler and self._trigger & edge:
            self._handler(self)


class I2C:
    """Refuses a transfer once a pin was made something else, as a bus that has lost its pins does."""

    def __init__(self, id, *, scl=None, sda=None, freq=400000, timeout=50000):
        if not 0 <= id <= 1:
            raise ValueError(f"I2C({id}) doesn't exist")
        self._pins = []
        for name, pin, offset in (("SCL", scl, 1), ("SDA", sda, 0)):
            number = _number(pin)
            if not ESP32 and (number == "LED" or number % 4 != 2 * id + offset):
                raise ValueError(f"bad {name} pin")
            _FUNCTION[number] = "i2c"
            self._pins.append(number)
        self._hz = freq
        self._timeout_us = timeout
        self._line = None

    def writeto(self, addr, buf, stop=True):
        self._transfer(addr, bytes(buf), 0)
        return len(buf)

    def readfrom_into(self, addr, buf, stop=True):
        buf[:] = self._transfer(addr, b"", len(buf))

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        buf[:] = self._transfer(addr, bytes((memaddr,)), len(buf))

    def _transfer(self, addr, out, count):
        is_ours = all(_FUNCTION[number] == "i2c" for number in self._pins)
        is_stuck = any(LEVELS.get(number, 1) == 0 for number in self._pins)
        if not is_ours or is_stuck:
            raise OSError(errno.ETIMEDOUT)
        if not ESP32 and max(len(out), count) * 9 * 1_000_000 // self._hz > self._timeout_us:
            raise OSError(errno.ETIMEDOUT)
        if not os.getenv("CHIP_PORT"):
            raise OSError(errno.ENODEV if ESP32 else errno.EIO)
        if self._line is None:
            self._line = socket.socket()
            self._line.connect(socket.getaddrinfo("127.0.0.1", int(os.getenv("CHIP_PORT")))[0][-1])
        self._line.write(struct.pack("<BHH", addr, len(out), count) + out)
        if self._line.read(1) != b"\x00":
            raise OSError(errno.ENODEV if ESP32 else errno.EIO)
        return self._line.read(count) if count else b""


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = range(4)
    LEVEL_MV = 1850  # what lies at every pin

    def __init__(self, pin, **more):
        number = _number(pin)
        if more and not ESP32:
            raise TypeError("extra keyword arguments given")
        if not (1 <= number <= 20 if ESP32 else 26 <= number <= 29):
            raise ValueError("invalid pin" if ESP32 else "Pin doesn't have ADC capabilities")
        self._most_mv = 3300 if not ESP32 else 3100 if more.get("atten") == self.ATTN_11DB else 950

    def read_u16(self):
        return min(self.LEVEL_MV, self._most_mv) * 65535 // self._most_mv

    if ESP32:

        def read_uv(self):
            return min(self.LEVEL_MV, self._most_mv) * 1000


class Timer:
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id):
        if not (0 <= id <= 3 if ESP32 else id == -1):
            raise ValueError("invalid Timer number" if ESP32 else "Timer doesn't exist")

    def init(self, *, mode=PERIODIC, period=0, callback=None):
        if mode != self.ONE_SHOT or period <= 0:
            raise ValueError("not what a test expects")
        self._end_ms = time.ticks_add(time.ticks_ms(), period)
        self._callback = callback
        TIMERS.append(self)

    def _look(self):
        if time.ticks_diff(time.ticks_ms(), self._end_ms) >= 0:
            TIMERS.remove(self)
            self._callback(self)


def run_timers():
    """Call back those whose time has come. Real ones do it by themselves."""
    for timer in list(TIMERS):
        timer._look()


class RTC:
    def datetime(self, when=None):
        if when is None:
            return RTC_SET[-1] if RTC_SET else (2000, 1, 1, 5, 0, 0, 0, 0)
        if len(when) != 8:
            raise ValueError(f"requested length 8 but object has length {len(when)}")
        year, month, day, weekday, hour, minute, second, _ = when
        in_range = 2000 <= year <= 4095 and 1 <= month <= 12 and 1 <= day <= 31 and 0 <= weekday <= 6
        if not (in_range and 0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59):
            raise OSError(errno.EINVAL)
        RTC_SET.append(tuple(when))
        return None


class SPI:
    def __init__(self, id, *, sck, mosi, miso):
        for name, pin, offset in (("SCK", sck, 2), ("MOSI", mosi, 3), ("MISO", miso, 0)):
            number = _number(pin)
            if not ESP32 and (number % 4 != offset or number >> 3 & 1 != id):
                raise ValueError(f"bad {name} pin")


if ESP32:
    from card import SDCard  # noqa: F401


class Reset(BaseException):
    """The chip starts anew."""


def reset():
    raise Reset


class DeepSleep(BaseException):
    """The chip is off; it will start anew."""


def lightsleep(ms):
    if ms >= 2**32 // 1000:
        raise ValueError("sleep too long")
    SLEPT.append(ms)
    for happen in ASLEEP:
        happen()


def deepsleep(ms):
    SLEPT.append(ms)
    raise DeepSleep(ms)
