"""The LSM6DS chip as a stream of samples, and as a watch for motion: registers over a driver's bus device.

The driver, Adafruit's or lsm6ds_fields, gives identity, ranges and rates; it has no FIFO and no wake-up. The registers
for that stand here as data, are written through the driver's bus device, and are read back: what did not take raises
RegisterError.
Registers: ST's `lsm6dso_reg.h` and `lsm6dso32_reg.h`.

How losses are counted. Every status read brings the chip's own clock along, which the samples are made from,
so the newest sample has a known number at any time. After an overrun that clock gives the number of the
oldest sample left, to within one; the two counter bits in each word's tag make it exact. It is exact up to 40
s of loss (one sample at 833 Hz is 30 ppm of that, and ST gives the rate as 6667 Hz where the clock suggests
6666.7). After `restart` the tags begin anew and the count is true to one sample.
"""

import sys
from errno import ETIMEDOUT

from strideload_pod.rest import RestCheck

try:
    from micropython import const
except ImportError:

    def const(expr):
        return expr


_FIFO_CTRL1 = const(0x07)
_FIFO_CTRL2 = const(0x08)
_FIFO_CTRL3 = const(0x09)
_FIFO_CTRL4 = const(0x0A)
_INT1_CTRL = const(0x0D)
_WHO_AM_I = const(0x0F)
_CTRL1_XL = const(0x10)
_CTRL2_G = const(0x11)
_CTRL3_C = const(0x12)
_CTRL6_C = const(0x15)
_CTRL9_XL = const(0x18)
_CTRL10_C = const(0x19)
_WAKE_UP_SRC = const(0x1B)
_OUT_TEMP_L = const(0x20)
_FIFO_STATUS1 = const(0x3A)
_TAP_CFG0 = const(0x56)
_TAP_CFG2 = const(0x58)
_WAKE_UP_THS = const(0x5B)
_WAKE_UP_DUR = const(0x5C)
_MD1_CFG = const(0x5E)
_INTERNAL_FREQ_FINE = const(0x63)
_FIFO_DATA_OUT_TAG = const(0x78)

_BDU_IF_INC = const(0x44)  # and push-pull, active high; Adafruit's `_block_data_enable` is another bit
_TIMESTAMP_EN = const(0x20)
_NO_I3C = const(0xE2)  # I3C_disable, and what else is set by default
_INT1_FIFO_TH = const(0x08)
_FIFO_BYPASS = const(0)
_FIFO_CONTINUOUS = const(6)
_OVERRUN_LATCHED = const(0x08)

_WORD = const(7)
_FIFO_WORDS = const(512)
_WATERMARK = const(128)  # a quarter: three quarters are slack for a slow write
_STATUS_SIZE = const(10)  # 0x3A..0x43: level, flags, two reserved, timestamp
_TICK_MASK = const(
    0x1FFFFFFF
)  # 29 bits of the timestamp, so that it stays a small integer: wraps after 3.7 h

_SETTLE_MS = const(100)  # longer than the gyroscope takes to turn on
_INVALID = const(0x7FFD)  # and above: not a measurement, in the first samples after the start
_BOOT_LIMIT = const(64)  # samples; what looks invalid after that is a clipped one
_STALL_SAMPLES = const(32)  # so far behind the clock an empty FIFO has stopped
_LATE_SAMPLES = const(4)  # so far behind, after so many samples, it is the clock that drifts
_DRIFT_SAMPLES = const(20000)
_CHECK_READS = const(16)  # so many reads without a sample, while the clock stands still too

_PAIR = const(0x30)

_ADDRESS = const(0x6A)

_XL_LOW_POWER = const(0x10)
_WATCH_RATE = const(2)
_WATCH_HZ = const(26)  # tells steps from a car's jolts better than 52 Hz does, for less current
_WATCH_SETTLE_MS = const(250)  # the first samples are none, and the first difference is against nothing
_WATCH_DURATION_MOST = const(3)  # samples
_LATCHED = const(0x41)  # until its source is read; slope filter
_INTERRUPTS_ENABLE = const(0x80)
_WEIGHT_256 = const(0x10)  # of the threshold, parts of full scale
_INT1_WAKE_UP = const(0x20)
_WAKE_UP_SEEN = const(0x08)

# What wakes a pod: real first steps are above it, a shoe in a bag, in a lift or on the floor below. docs/pod.md has the
# figures.
MOTION_MG = const(400)

ON_MICROPYTHON = sys.implementation.name == "micropython"

WHO_AM_I = {"LSM6DSO32": 0x6C, "LSM6DSOX": 0x6C}
ACC_CODES = {
    "LSM6DSO32": {4: 0, 8: 2, 16: 3, 32: 1},
    "LSM6DSOX": {2: 0, 4: 2, 8: 3, 16: 1},
}
GYRO_CODES = {250: 0, 500: 1, 1000: 2, 2000: 3}
RATE_CODES = {104: 4, 208: 5, 416: 6, 833: 7, 1667: 8}


class ImuError(Exception):
    """The chip cannot be used, or not go on, as it is."""


class WrongChip(ImuError):
    """Another chip answers than the one that the pod was set up for."""

    def __init__(self, part, expected, got):
        super().__init__(f"{part} answers 0x{expected:02x} as its identity, here is 0x{got:02x}")
        self.part = part
        self.expected = expected
        self.got = got


class RegisterError(ImuError):
    """A register does not hold what was written."""

    def __init__(self, register, expected, got):
        super().__init__(f"register 0x{register:02x} should hold 0x{expected:02x}, it holds 0x{got:02x}")
        self.register = register
        self.expected = expected
        self.got = got


class FifoStalled(ImuError):
    """The clock runs on, but no samples come. `restart` begins again; the samples missing are counted as
    lost."""

    def __init__(self, behind):
        super().__init__(f"no samples from the FIFO, {behind} are missing")
        self.behind = behind


class BusError(ImuError):
    """The chip did not answer on the bus. Nothing is lost by it yet: read again."""

    def __init__(self, error):
        super().__init__(f"the chip does not answer: {error}")


class BusStuck(BusError):
    """A transfer timed out: SDA or SCL is held low. Nothing is lost by it yet: free the bus, `attach`, read again."""


class WrongScale(ImuError):
    """A shoe at rest measures `mg` instead of 1000: half or twice of it means the other of the two parts that answer
    alike. Samples are what the chip gave, and go on."""

    def __init__(self, part, mg):
        super().__init__(f"at rest {mg} mg instead of 1000: this is no {part}, or not its range")
        self.part = part
        self.mg = mg


def _bus_error(error):
    """OSError -> what it says of the bus."""
    return BusStuck(error) if error.errno == ETIMEDOUT else BusError(error)


def _tag_kinds():
    """Tag byte -> 0x10 gyroscope or 0x20 acceleration, with the slot counter; 0: other sensors and wrong
    parity."""
    kinds = bytearray(256)
    for sensor, kind in ((1, 0x10), (2, 0x20)):
        for counter in range(4):
            tag = sensor << 3 | counter << 1
            ones = sum(tag >> bit & 1 for bit in range(8))
            kinds[tag | ones & 1] = kind | counter
    return kinds


_KINDS = _tag_kinds()


def open_driver(part, i2c):
    """A driver for this part, on a bus with busio's surface: Adafruit's, and on MicroPython, where RAM is dear,
    lsm6ds_fields with the same fields. ImuError: another chip, or none.

    The driver resets the chip: what its FIFO held is gone.
    """
    if part not in WHO_AM_I:
        raise ValueError(f"no FIFO reader for {part}")
    _lower_int1(i2c)
    try:
        return _open_fields(part, i2c) if ON_MICROPYTHON else _open_adafruit(part, i2c)
    except ValueError as error:  # nothing at that address
        raise BusError(error) from error
    except OSError as error:
        raise _bus_error(error) from error
    except RuntimeError as error:
        raise ImuError(f"no {part}: {error}") from error


def _open_fields(part, i2c):
    from strideload_pod.lsm6ds_fields import Lsm6ds

    return Lsm6ds(i2c, _ADDRESS, WHO_AM_I[part])


def _open_adafruit(part, i2c):
    """Only the class that is needed is imported: they share their table of ranges, and the last one to load wins."""
    if part == "LSM6DSO32":
        from adafruit_lsm6ds.lsm6dso32 import LSM6DSO32

        return LSM6DSO32(i2c)
    from adafruit_lsm6ds.lsm6dsox import LSM6DSOX

    return LSM6DSOX(i2c)


class NoBus:
    """Stands for a bus that could not be opened again: whoever uses it finds it stuck."""

    def try_lock(self):
        raise OSError(ETIMEDOUT, "the bus does not open")


def _lower_int1(i2c):
    """Unroute and empty what may hold INT1 high from an earlier boot, if the chip answers: one that is reset with INT1
    high may come up speaking I3C alone, until it loses its power. [ST, zephyr pull request 39181]"""
    try:
        if not i2c.try_lock():
            return
        try:
            for register in (_MD1_CFG, _INT1_CTRL, _FIFO_CTRL4):
                i2c.writeto(_ADDRESS, bytes((register, 0)))
        finally:
            i2c.unlock()
    except OSError:
        pass  # the driver asks the chip next, and says so


class Imu:
    """`driver`: of `open_driver` for this part. `odr_hz`: a key of RATE_CODES. `acc_range_g`: a key of
    ACC_CODES[part]; `gyro_range_dps`: a key of GYRO_CODES, or 0 for acceleration alone. ValueError for
    anything else.

    `axes`: 6 or 3 a sample. `watermark_ms`: a quarter of the FIFO, the time between two reads; INT1 is high from there
    on. `lost`: samples lost since `start`. `bad_words`: words that were no part of a sample. `looks`: how many
    times the FIFO was looked at. `rest`: what a still second says about the scale.
    """

    def __init__(self, driver, sleep_ms, part, odr_hz, acc_range_g, gyro_range_dps):
        if part not in ACC_CODES:
            raise ValueError(f"no FIFO reader for {part}")
        if odr_hz not in RATE_CODES or acc_range_g not in ACC_CODES[part]:
            raise ValueError(f"{part} has no {odr_hz} Hz at {acc_range_g} g")
        if gyro_range_dps and gyro_range_dps not in GYRO_CODES:
            raise ValueError(f"no range of {gyro_range_dps} deg/s")
        self.part = part
        self.odr_hz = odr_hz
        self.acc_range_g = acc_range_g
        self.gyro_range_dps = gyro_range_dps
        self.axes = 6 if gyro_range_dps else 3
        self.acc_ug_lsb = 61 * acc_range_g // 2
        self.gyro_udps_lsb = 35 * gyro_range_dps
        self.rate_mhz = 0
        self._fine = 0
        self.lost = 0
        self.bad_words = 0
        self.looks = 0
        self._clipped = 0
        self._driver = driver
        self._device = driver.i2c_device
        self._sleep_ms = sleep_ms
        self._acc_code = ACC_CODES[part][acc_range_g]
        self._gyro_code = GYRO_CODES[gyro_range_dps] if gyro_range_dps else 0
        self._rate_code = rate = RATE_CODES[odr_hz]
        self._slot_words = 2 if gyro_range_dps else 1
        self._divider = 1 << 10 - rate  # of 6667 Hz
        self.watermark_ms = 1000 * _WATERMARK // (odr_hz * self._slot_words)
        gyro_rate = rate if gyro_range_dps else 0
        # What must hold while the FIFO runs, in the order in which it is written.
        self._setup = (
            (_CTRL3_C, _BDU_IF_INC),
            (_CTRL9_XL, _NO_I3C),
            (_MD1_CFG, 0),
            (_TAP_CFG2, 0),
            (_CTRL6_C, 0),
            (_INT1_CTRL, _INT1_FIFO_TH),
            (_CTRL10_C, _TIMESTAMP_EN),
            (_FIFO_CTRL1, _WATERMARK),
            (_FIFO_CTRL2, 0),
            (_FIFO_CTRL3, gyro_rate << 4 | rate),
        )
        self._rates = (
            (_CTRL1_XL, rate << 4 | self._acc_code << 2),
            (_CTRL2_G, gyro_rate << 4 | self._gyro_code << 2),
        )
        self._out = bytearray(2)
        self._in = bytearray(2)
        self._status = bytearray(_STATUS_SIZE)
        self._buffer = bytearray(_WORD * _FIFO_WORDS)
        self._forget()

    def _forget(self):
        self._at = self._end = 0  # what of the buffer is not decoded yet
        self._level = 0  # words in the FIFO at the last status read, and not read since
        self._more = False  # some of them were left there
        self._held = None  # an error that waits for the next `read`
        self._ticks = 0
        self._expected = -1  # slot counter of the next sample, -1: any
        self._next = 0  # number of the next sample to be decoded
        self._anchor_ticks = -1  # a moment, and the newest sample's number at it; -1: none yet
        self._anchor = 0
        self._seen_ticks = -1
        self._behind = 0
        self._overrun = False  # seen, and not looked into yet
        self._suspect = False  # samples are missing, or may be, before the next one in the buffer
        self._booting = _BOOT_LIMIT
        self._idle = 0
        self._taken = 0
        self.lost = 0
        self.rest = RestCheck(self.odr_hz, self.axes, self.acc_ug_lsb)

    # Turning on and off

    def start(self):
        """Begin to sample; the first valid sample is number 0. WrongChip, RegisterError, BusError."""
        try:
            self._start()
        except OSError as error:
            raise _bus_error(error) from error

    def _start(self):
        expected = WHO_AM_I[self.part]
        got = self._get(_WHO_AM_I)
        if got != expected:
            raise WrongChip(self.part, expected, got)
        self._turn_off()
        for register, value in self._setup:
            self._set(register, value)
        driver = self._driver
        driver.accelerometer_range = self._acc_code
        driver.gyro_range = self._gyro_code
        driver.accelerometer_data_rate = self._rate_code
        driver.gyro_data_rate = self._rate_code if self.gyro_range_dps else 0
        for register, value in self._rates:
            self._verify(register, value)
        self._sleep_ms(_SETTLE_MS)
        self._fine = self._get(_INTERNAL_FREQ_FINE)
        self.rate_mhz = self._true_rate_mhz()
        self._forget()
        self._set(_FIFO_CTRL4, _FIFO_CONTINUOUS)
        self._read_status()
        self._follow_clock()

    def stop(self):
        """Empty the FIFO, put both sensors to sleep and lower INT1. RegisterError, BusError."""
        try:
            self._turn_off()
        except OSError as error:
            raise _bus_error(error) from error

    def _turn_off(self):
        self._set(_MD1_CFG, 0)
        self._set(_FIFO_CTRL4, _FIFO_BYPASS)
        self._driver.accelerometer_data_rate = 0
        self._driver.gyro_data_rate = 0

    def restart(self):
        """Begin again after FifoStalled: sample numbers stay true, to one sample.

        RegisterError if the chip was reset in between: its clock is gone as well, and only `start` helps.
        BusError.
        """
        self.check(False)
        self._set(_FIFO_CTRL4, _FIFO_BYPASS)
        self._set(_FIFO_CTRL4, _FIFO_CONTINUOUS)
        self._at = self._end = 0
        self._expected = -1
        self._resolve()

    def watch_motion(self, threshold_mg=MOTION_MG, duration_ms=0):
        """Acceleration alone, slowly and at low power, until INT1 rises for motion; `start` begins to sample again.

        Motion: half of what an axis changes by within 1/26 s is more than `threshold_mg`, and so on for `duration_ms`.
        INT1 then stays high until `has_moved` or `start`. What the FIFO held is gone. ValueError: a threshold or
        duration that the chip has not. RegisterError, BusError.
        """
        full_scale_mg = 1000 * min(ACC_CODES[self.part])
        units = 256
        if threshold_mg * units > 63 * full_scale_mg:
            units = 64
        threshold = (threshold_mg * units + full_scale_mg // 2) // full_scale_mg
        duration = (duration_ms * _WATCH_HZ + 500) // 1000
        if not (1 <= threshold <= 63 and 0 <= duration <= _WATCH_DURATION_MOST):
            raise ValueError(f"{self.part} does not watch for {threshold_mg} mg over {duration_ms} ms")
        self.stop()
        weight = _WEIGHT_256 if units == 256 else 0
        for register, value in (
            (_INT1_CTRL, 0),
            (_CTRL6_C, _XL_LOW_POWER),
            (_TAP_CFG0, _LATCHED),
            (_WAKE_UP_THS, threshold),
            (_WAKE_UP_DUR, duration << 5 | weight),
            (_CTRL1_XL, _WATCH_RATE << 4),
            (_TAP_CFG2, _INTERRUPTS_ENABLE),
        ):
            self._set(register, value)
        self._sleep_ms(_WATCH_SETTLE_MS)
        self._set(_MD1_CFG, _INT1_WAKE_UP)

    def has_moved(self):
        """True if the chip saw motion since `watch_motion` or the last call; INT1 falls. BusError."""
        return bool(self._get(_WAKE_UP_SRC) & _WAKE_UP_SEEN)

    def attach(self, i2c):
        """Go on over this bus: the former one was stuck and is closed. The chip keeps what it holds."""
        self._device = self._driver.i2c_device = type(self._device)(i2c, _ADDRESS, probe=False)

    def check(self, running=True):
        """Read back all that was set up, and the trim that the rate was told from. RegisterError, BusError."""
        for register, value in self._setup:
            self._verify(register, value)
        for register, value in self._rates:
            self._verify(register, value)
        self._verify(_INTERNAL_FREQ_FINE, self._fine)
        if running:
            self._verify(_FIFO_CTRL4, _FIFO_CONTINUOUS)

    def check_rest(self):
        """WrongScale if the last still second since `start` was not of 1 g. -> its length in mg, 0: there was none."""
        if self.rest.is_wrong():
            raise WrongScale(self.part, self.rest.mg)
        return self.rest.mg

    # Measurements beside the stream

    def temperature(self):
        """1/256 degC. BusError."""
        self._fetch(_OUT_TEMP_L, self._in, 0, 2)
        return _int16(self._in, 0) + 25 * 256

    # The stream

    def read(self, block):
        """Samples that are there, as many as fit, into `block` (array("h")) -> how many.

        What `take_lost` says after it was lost just before the first of them. FifoStalled, RegisterError,
        BusError.
        """
        if self._held is not None:
            error = self._held
            self._held = None
            raise error
        limit = len(block) // self.axes
        self._drain(limit)
        n = self._decode(block, 0, limit)
        if n == 0 and self._holds_a_sample():
            self.check()  # a clock that was turned off counts nothing
            self._resolve()
            n = self._decode(block, 0, limit)
        elif self._more and n < limit and not self._overrun and not self._holds_a_sample():
            try:
                self._drain(limit - n, n > 0)
                n = self._decode(block, n, limit)
            except ImuError as error:
                self._held = error  # not before the samples that are decoded
        self.rest.look(block, n)
        return n

    def fetch(self):
        """Take what the FIFO holds into the buffer, to be read later: before something slow, such as a write to flash.

        The buffer holds as much as the FIFO. FifoStalled, RegisterError, BusError.
        """
        self._drain(_FIFO_WORDS)
        if self._suspect and self._holds_a_sample():
            self.check()
            self._resolve()

    def has_more(self):
        """True if the last `read` left samples behind, or an error: read again at once."""
        return self._more or self._overrun or self._held is not None or self._holds_a_sample()

    def left(self):
        """Samples that were there at the last look, and are not read yet."""
        return self._samples_at_hand()

    def is_torn(self):
        """True if samples were lost before those that are `left`, and it is not known yet how many."""
        return self._overrun

    def is_behind(self):
        """True if the FIFO had less than the clock at the last look: it has stopped, and says so once it is empty."""
        return self._behind > _LATE_SAMPLES

    def take_lost(self):
        """Samples lost since the last call."""
        lost = self.lost - self._taken
        self._taken = self.lost
        return lost

    def take_clipped(self):
        """Samples since the last call with acceleration at full scale on an axis."""
        clipped = self._clipped
        self._clipped = 0
        return clipped

    def _holds_a_sample(self):
        return self._end - self._at >= _WORD * self._slot_words

    def _drain(self, limit, follows=False):
        """Read what is in the FIFO, up to `limit` samples, behind what the buffer holds. Not if that would have to be
        moved, but for half a sample, nor if samples were lost behind it, or behind those that this one `follows`: they
        are to be told first."""
        buffer = self._buffer
        left = self._end - self._at
        holds = self._holds_a_sample()
        self._more = True
        if holds and self._at:
            return
        for i in range(left if self._at else 0):
            buffer[i] = buffer[self._at + i]
        self._at = 0
        self._end = left
        slot_words = self._slot_words
        self._read_status()
        if self._overrun:
            if holds or follows:
                return  # what is lost comes after those
            self._overrun = False
            self._suspect = True
        elif not (self._suspect and self._level):
            self._follow_clock()
        words = max(0, min(self._level, min(limit * slot_words, _FIFO_WORDS) - left // _WORD))
        if words:
            self._fetch(_FIFO_DATA_OUT_TAG, buffer, left, left + _WORD * words)
            self._end = left + _WORD * words
            self._level -= words
        self._more = self._level > 0

    def _read_status(self):
        status = self._status
        self._fetch(_FIFO_STATUS1, status, 0, _STATUS_SIZE)
        self.looks += 1
        self._level = status[0] | (status[1] & 3) << 8
        self._ticks = status[6] | status[7] << 8 | status[8] << 16 | (status[9] & 0x1F) << 24
        if status[1] & _OVERRUN_LATCHED:
            self._overrun = True

    def _elapsed(self):
        """Samples made between the anchor and the last status read, by the chip's clock."""
        ticks = (self._ticks - self._anchor_ticks) & _TICK_MASK
        return (ticks * 6667 + 20000 * self._divider) // (40000 * self._divider)

    def _samples_at_hand(self):
        """Whole samples in the buffer and, at the last status read, in the FIFO."""
        return ((self._end - self._at) // _WORD + self._level) // self._slot_words

    def _follow_clock(self):
        """Note which sample is the newest now. FifoStalled if the FIFO is empty and long behind the clock."""
        newest = self._next + self._samples_at_hand() - 1
        stands = self._ticks == self._seen_ticks
        self._seen_ticks = self._ticks
        behind = 0 if self._anchor_ticks < 0 else self._anchor + self._elapsed() - newest
        self._behind = behind
        if self._anchor_ticks < 0 or (newest != self._anchor and self._is_in_time(newest, behind)):
            self._anchor_ticks = self._ticks
            self._anchor = newest
        elif self._level == 0 and behind > _STALL_SAMPLES and not self._holds_a_sample():
            self.check()
            raise FifoStalled(behind)
        elif self._level == 0 and stands:
            self._idle += 1
            if self._idle == _CHECK_READS:
                self._idle = 0
                self.check()

    def _is_in_time(self, newest, behind):
        """True if the clock's newest sample is there. A few behind may be a FIFO that has just stopped, or a clock that
        drifts from the rate in the long run."""
        return behind <= 0 or (behind <= _LATE_SAMPLES and newest - self._anchor > _DRIFT_SAMPLES)

    def _resolve(self):
        """Samples are missing before the next one at hand: count them by the clock and the tags."""
        self._read_status()  # after the burst: what is in the FIFO now follows on what is in the buffer
        self._suspect = self._overrun = False  # a flag that still stands tells of what is counted here
        at_hand = self._samples_at_hand()
        newest = self._anchor + self._elapsed()
        lost = newest + 1 - at_hand - self._next
        if self._expected >= 0 and self._end > self._at:
            jump = (_KINDS[self._buffer[self._at]] & 3) - self._expected
            lost += ((jump - lost + 2) & 3) - 2
        lost = max(lost, 0)
        if lost:
            self.rest.interrupt()
        self.lost += lost
        self._next += lost
        self._expected = -1
        self._behind = 0
        self._anchor_ticks = self._ticks
        self._anchor = self._next + at_hand - 1

    def _decode(self, block, n, limit):
        """Whole samples from the buffer into `block`, behind the `n` that it holds, up to a jump of the slot counter.
        -> how many it holds then."""
        buffer = self._buffer
        kinds = _KINDS
        six = self.axes == 6
        size = 2 * _WORD if six else _WORD
        at = self._at
        end = self._end - size
        expected = self._expected
        suspect = self._suspect
        before = n
        k = n * self.axes
        while at <= end and n < limit:
            kind = kinds[buffer[at]]
            acc = gyro = at
            if six:
                gyro = at + _WORD
                if kind ^ kinds[buffer[gyro]] != _PAIR:  # not two halves of one sample
                    self.bad_words += 1
                    at += _WORD
                    continue
                if kind & 0x10:
                    gyro = at
                    acc = at + _WORD
            elif not kind & 0x20:
                self.bad_words += 1
                at += _WORD
                continue
            counter = kind & 3
            if suspect or (counter != expected and expected >= 0):
                break
            expected = (counter + 1) & 3
            at += size
            # An int16 + 0x8000 has no sign: 0 and 0xFFFF are its ends.
            x = (buffer[acc + 1] | buffer[acc + 2] << 8) ^ 0x8000
            y = (buffer[acc + 3] | buffer[acc + 4] << 8) ^ 0x8000
            z = (buffer[acc + 5] | buffer[acc + 6] << 8) ^ 0x8000
            block[k] = x - 0x8000
            block[k + 1] = y - 0x8000
            block[k + 2] = z - 0x8000
            if six:
                block[k + 3] = ((buffer[gyro + 1] | buffer[gyro + 2] << 8) ^ 0x8000) - 0x8000
                block[k + 4] = ((buffer[gyro + 3] | buffer[gyro + 4] << 8) ^ 0x8000) - 0x8000
                block[k + 5] = ((buffer[gyro + 5] | buffer[gyro + 6] << 8) ^ 0x8000) - 0x8000
            if self._booting:
                if block[k] >= _INVALID or (six and block[k + 3] >= _INVALID):
                    self._booting -= 1
                    self._next += 1
                    continue
                self._booting = 0
            if not (0 < x < 0xFFFF and 0 < y < 0xFFFF and 0 < z < 0xFFFF):
                self._clipped += 1
            n += 1
            k += 6 if six else 3
        self._at = at
        self._expected = expected
        self._next += n - before
        return n

    # Registers

    def _fetch(self, register, buffer, start, end):
        self._out[0] = register
        try:
            with self._device as i2c:
                i2c.write_then_readinto(self._out, buffer, out_end=1, in_start=start, in_end=end)
        except OSError as error:
            raise _bus_error(error) from error

    def _get(self, register):
        self._fetch(register, self._in, 0, 1)
        return self._in[0]

    def _verify(self, register, expected):
        got = self._get(register)
        if got != expected:
            raise RegisterError(register, expected, got)

    def _set(self, register, value):
        self._out[0] = register
        self._out[1] = value
        try:
            with self._device as i2c:
                i2c.write(self._out)
        except OSError as error:
            raise _bus_error(error) from error
        self._verify(register, value)

    def _true_rate_mhz(self):
        """By FREQ_FINE, which is true only while the sensors run. [ST AN5192: 6667 Hz x (1 + 0.0015
        FREQ_FINE)]"""
        fine = self._fine
        if fine >= 128:
            fine -= 256
        whole = 10000 * self._divider
        return (6667000 * (10000 + 15 * fine) + whole // 2) // whole


def _int16(buffer, at):
    return ((buffer[at] | buffer[at + 1] << 8) ^ 0x8000) - 0x8000
