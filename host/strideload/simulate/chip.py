"""The LSM6DS family at register level: what a driver sees of it over I2C.

Modelled: identity, control registers, direct data with BDU and data-ready, temperature, timestamp, FREQ_FINE,
soft reset, address increment, register banks, the tagged FIFO, the wake-up function with its slope filter, INT1 with
both, and the supply current of each power mode. Not modelled: filters, other interrupts, pedometer and other embedded
functions (their registers only remember), the noise of the low-power mode, and the LSM6DS3TR-C's untagged FIFO,
which stays empty and refuses to be turned on. A change of rate, range or batching empties the FIFO at once; a
real one needs bypass for that. Registers and units: ST's `lsm6dso_reg.h`, `lsm6dso32_reg.h`,
`lsm6ds3tr-c_reg.h`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fifo import WORD_SIZE, Batching, TaggedFifo
from .samples import BOOT_SAMPLES, FASTEST_HZ, Samples, Source, slot_at, slot_time_s, ticks_at
from .wake_up import WakeUp

FUNC_CFG_ACCESS = 0x01
FIFO_CTRL1 = 0x07
FIFO_CTRL2 = 0x08
FIFO_CTRL3 = 0x09
FIFO_CTRL4 = 0x0A
INT1_CTRL = 0x0D
WHO_AM_I = 0x0F
CTRL1_XL = 0x10
CTRL2_G = 0x11
CTRL3_C = 0x12
CTRL6_C = 0x15
CTRL9_XL = 0x18
CTRL10_C = 0x19
WAKE_UP_SRC = 0x1B
STATUS_REG = 0x1E
OUT_TEMP_L = 0x20
OUTX_L_G = 0x22
OUTX_L_A = 0x28
OUTZ_H_A = 0x2D
FIFO_STATUS1 = 0x3A
FIFO_STATUS2 = 0x3B
TIMESTAMP0 = 0x40
TIMESTAMP2 = 0x42
TAP_CFG0 = 0x56
TAP_CFG2 = 0x58
WAKE_UP_THS = 0x5B
WAKE_UP_DUR = 0x5C
MD1_CFG = 0x5E
INTERNAL_FREQ_FINE = 0x63
FIFO_DATA_OUT_TAG = 0x78
FIFO_DATA_OUT_Z_H = 0x7E

# The untagged FIFO of the LSM6DS3TR-C.
TRC_FIFO_CTRL5 = 0x0A
TRC_FIFO_STATUS2_EMPTY = 0x10

SW_RESET = 0x01
IF_INC = 0x04
BDU = 0x40
TIMESTAMP_EN = 0x20
TIMESTAMP_RESET = 0xAA
H_LACTIVE = 0x20
INT1_FIFO_TH = 0x08
INT1_WU = 0x20
INTERRUPTS_ENABLE = 0x80
LIR = 0x01
INT_CLR_ON_READ = 0x40
SLOPE_FDS = 0x10
USR_OFF_ON_WU = 0x40
WU_IA = 0x08
XL_HM_MODE = 0x10

_READ_ONLY = frozenset(
    (
        *(WHO_AM_I, WAKE_UP_SRC, STATUS_REG, FIFO_STATUS1, FIFO_STATUS2, INTERNAL_FREQ_FINE),
        *range(OUT_TEMP_L, OUTZ_H_A + 1),
        *range(TIMESTAMP0, TIMESTAMP0 + 4),
        *range(FIFO_DATA_OUT_TAG, FIFO_DATA_OUT_Z_H + 1),
    )
)
_DEFAULTS = {CTRL3_C: IF_INC, CTRL9_XL: 0xE0}

_GYRO_UDPS_LSB = (8_750, 17_500, 35_000, 70_000)  # FS_G 250 .. 2000 deg/s
_GYRO_UDPS_LSB_125 = 4_375
_GYRO_NOISE_DPS = 0.055  # 3.8 mdps/sqrt(Hz) over about 208 Hz (data sheet's typical density)
# RMS, DS12140, normal mode; the figure at 32 g is the one at 16 g (assumed).
_ACC_NOISE_G = {61: 0.0018, 122: 0.0020, 244: 0.0024, 488: 0.0030, 976: 0.0030}

# Typical supply current at 1.8 V, LSM6DSO32's data sheet (DocID032891 Rev 1), table 4.
POWER_DOWN_UA = 3.0
ACC_UA = 170.0
ACC_AND_GYRO_UA = 550.0
LOW_POWER_UA = ((1.6, 52.0), (4.5, 26.0))  # Hz, uA; a straight line in between (assumed)

_FASTEST_RATE_CODE = 10
_LOW_POWER_RATE_CODE = 11  # 1.6 Hz
_LOW_POWER_DIVIDER = 128  # 52 Hz: with XL_HM_MODE set, slower rates are low-power ones


class NotSimulated(Exception):
    """A driver asked for something that this model does not have."""


class Nack(Exception):
    """The chip did not acknowledge on the bus."""


@dataclass(frozen=True)
class Part:
    """What tells the members of the family apart."""

    who_am_i: int
    acc_ug_lsb: tuple[int, int, int, int]  # by CTRL1_XL[3:2]
    tagged_fifo: bool  # with it: timestamp registers at 0x40, FREQ_FINE, banks in FUNC_CFG_ACCESS[7:6]


PARTS = {
    "LSM6DSO32": Part(0x6C, (122, 976, 244, 488), True),
    "LSM6DSOX": Part(0x6C, (61, 488, 122, 244), True),
    "LSM6DS3TR-C": Part(0x6A, (61, 488, 122, 244), False),
}


class Chip:
    """One chip, powered on when it is made.

    `clock_us`: any microsecond clock. `trim`: FREQ_FINE, -128..127 steps of 0.15 %. With `noise` the samples
    carry the data sheet's noise, drawn from `seed`; the same samples have the same noise however they are
    read.

    `int1` and `supply_ua` are what a board and its battery see of it.

    For tests: `identity` is what WHO_AM_I answers, `temperature_c` what the thermometer sees, and
    `stall_fifo`, `nack`, `poke` and `lose_power` are what goes wrong. `falls_for_i3c`: a soft reset while INT1 is high
    leaves the chip deaf to I2C until it loses its power, as a real one was seen to do.
    """

    def __init__(
        self,
        part: str,
        source: Source,
        clock_us: Callable[[], int],
        *,
        trim: int = 0,
        seed: int = 0,
        noise: bool = False,
    ) -> None:
        if part not in PARTS:
            raise ValueError(f"no such part: {part}; known are {', '.join(PARTS)}")
        if not -128 <= trim <= 127:
            raise ValueError(f"trim is FREQ_FINE, a signed byte, not {trim}")
        self.part = PARTS[part]
        self.identity = self.part.who_am_i
        self.temperature_c = 25.0
        self.trim = trim
        self.falls_for_i3c = False
        self._deaf = False
        self._source = source
        self._clock_us = clock_us
        self._power_on_us = clock_us()
        self._seed = seed
        self._noise = noise
        self._pointer = 0
        self._nacks = 0
        self._reset()

    # What goes wrong

    def stall_fifo(self) -> None:
        """The FIFO takes in nothing more, and says nothing, until it is put into bypass."""
        self._update_fifo()
        if self._fifo is not None:
            self._fifo.stop()

    def nack(self, count: int) -> None:
        """The next `count` transfers are not acknowledged."""
        self._nacks = count

    def poke(self, register: int, value: int) -> None:
        """A register changes by itself."""
        self._update_wake_up()
        self._banks[0][register] = value
        self._apply()

    def lose_power(self) -> None:
        """The supply breaks down for a moment: all registers as at power-on, and the clock begins anew."""
        self._deaf = False
        self._reset()

    # The pins

    @property
    def int1(self) -> bool:
        """Level of INT1: the FIFO's watermark and a wake-up, as far as they are routed to it."""
        registers = self._banks[0]
        self._update_fifo()
        self._update_wake_up()
        level = bool(registers[INT1_CTRL] & INT1_FIFO_TH) and self._is_watermark_reached()
        if registers[MD1_CFG] & INT1_WU and self._wake_up is not None:
            level |= bool(self._wake_up.latched if registers[TAP_CFG0] & LIR else self._wake_up.now)
        return level ^ bool(registers[CTRL3_C] & H_LACTIVE)

    @property
    def supply_ua(self) -> float:
        """Typical supply current in uA by what is turned on. Gyroscope without accelerometer: as with it."""
        registers = self._banks[0]
        if CTRL2_G in self._on_us:
            return ACC_AND_GYRO_UA
        if CTRL1_XL not in self._on_us:
            return POWER_DOWN_UA
        divider = self._divider(registers[CTRL1_XL] >> 4)
        if registers[CTRL6_C] & XL_HM_MODE and divider >= _LOW_POWER_DIVIDER:
            return float(np.interp(FASTEST_HZ / divider, *LOW_POWER_UA))
        return ACC_UA

    # The bus

    def write(self, data: bytes) -> None:
        """One write transfer: register address, then values for it and the ones behind it. Empty: a probe."""
        self._acknowledge()
        if not data:
            return
        self._pointer = data[0] & 0x7F
        for value in data[1:]:
            self._write_register(self._pointer, value)
            self._pointer = self._next(self._pointer)

    def read(self, count: int) -> bytes:
        """One read transfer, from the register that was addressed last."""
        self._acknowledge()
        self._update_fifo()
        out = bytearray()
        while len(out) < count:
            words = (count - len(out)) // WORD_SIZE
            if words and self._fifo is not None and self._pointer == FIFO_DATA_OUT_TAG and self._increments:
                out += self._fifo.take(words)
                continue
            out.append(self._read_register(self._pointer))
            self._pointer = self._next(self._pointer)
        return bytes(out)

    def _acknowledge(self) -> None:
        if self._deaf:
            raise Nack
        if self._nacks:
            self._nacks -= 1
            raise Nack

    @property
    def _increments(self) -> bool:
        return bool(self._banks[0][CTRL3_C] & IF_INC)

    def _next(self, register: int) -> int:
        if not self._increments:
            return register
        if register == FIFO_DATA_OUT_Z_H and self.part.tagged_fifo:
            return FIFO_DATA_OUT_TAG
        return (register + 1) & 0x7F

    # Registers

    def _reset(self) -> None:
        self._banks = [bytearray(0x80) for _ in range(4)]
        for register, value in _DEFAULTS.items():
            self._banks[0][register] = value
        self._fifo: TaggedFifo | None = None
        self._samples: dict[int, Samples] = {}
        self._setting: tuple[int, ...] = ()
        self._on_us: dict[int, int] = {}  # CTRL1_XL, CTRL2_G -> since when it measures
        self._seen: dict[int, int] = {}  # CTRL1_XL, CTRL2_G -> last sample that was read directly
        self._held: dict[int, int] = {}  # low register -> value that BDU holds until its high byte is read
        self._ticks_from_us: int | None = None
        self._wake_up: WakeUp | None = None
        self._wake_up_setting: tuple[int, ...] = ()
        self._apply()

    @property
    def _bank(self) -> int:
        return self._banks[0][FUNC_CFG_ACCESS] >> 6 if self.part.tagged_fifo else 0

    def _write_register(self, register: int, value: int) -> None:
        if register == FUNC_CFG_ACCESS:
            self._banks[0][register] = value
        elif self._bank:
            self._banks[self._bank][register] = value
        elif register == TIMESTAMP2 and value == TIMESTAMP_RESET and self._ticks_from_us is not None:
            self._ticks_from_us = self._now_us
            self._setting = ()
            self._apply()
        elif register == CTRL3_C and value & SW_RESET:
            self._deaf = self.falls_for_i3c and self.int1
            self._reset()
        elif register not in _READ_ONLY:
            self._update_wake_up()  # what was until now was seen with the former registers
            self._banks[0][register] = value
            self._apply()

    def _read_register(self, register: int) -> int:
        if self._bank and register != FUNC_CFG_ACCESS:
            return self._banks[self._bank][register]
        if register == WHO_AM_I:
            return self.identity
        if register == STATUS_REG:
            return self._data_ready()
        if OUT_TEMP_L <= register <= OUTZ_H_A:
            return self._output(register)
        if register == FIFO_STATUS2 and not self.part.tagged_fifo:
            return TRC_FIFO_STATUS2_EMPTY
        if self.part.tagged_fifo:
            return self._read_tagged_register(register)
        return self._banks[0][register]

    def _read_tagged_register(self, register: int) -> int:
        if register == WAKE_UP_SRC:
            return self._wake_up_source()
        if register in (FIFO_STATUS1, FIFO_STATUS2):
            return self._fifo_status(register)
        if TIMESTAMP0 <= register < TIMESTAMP0 + 4:
            return self._ticks() >> 8 * (register - TIMESTAMP0) & 0xFF
        if register == INTERNAL_FREQ_FINE:
            # Asleep, a real part was seen to give another value than while running.
            return self.trim & 0xFF if self._on_us else 0
        if FIFO_DATA_OUT_TAG <= register <= FIFO_DATA_OUT_Z_H:
            return self._fifo_byte(register - FIFO_DATA_OUT_TAG)
        return self._banks[0][register]

    # Time, rates and scales

    @property
    def _now_us(self) -> int:
        return self._clock_us() - self._power_on_us

    def _ticks(self) -> int:
        if self._ticks_from_us is None:
            return 0
        return ticks_at(self._now_us - self._ticks_from_us, self.trim) & 0xFFFFFFFF

    def _divider(self, rate_code: int) -> int:
        """6667 Hz over the rate; 0: off."""
        if rate_code == _LOW_POWER_RATE_CODE:
            return 4096
        if rate_code > _FASTEST_RATE_CODE:
            raise NotSimulated(f"rate code {rate_code}")
        return 1 << _FASTEST_RATE_CODE - rate_code if rate_code else 0

    def _lsb(self) -> NDArray[np.float64]:
        """g and deg/s a LSB, shape (6,), from the full scales that are set."""
        control_acc, control_gyro = self._banks[0][CTRL1_XL], self._banks[0][CTRL2_G]
        acc = self.part.acc_ug_lsb[control_acc >> 2 & 3]
        gyro = _GYRO_UDPS_LSB_125 if control_gyro & 2 else _GYRO_UDPS_LSB[control_gyro >> 2 & 3]
        return np.array([acc] * 3 + [gyro] * 3) / 1e6

    def _noise_sd(self) -> NDArray[np.float64] | None:
        if not self._noise:
            return None
        acc = self.part.acc_ug_lsb[self._banks[0][CTRL1_XL] >> 2 & 3]
        return np.array([_ACC_NOISE_G[acc]] * 3 + [_GYRO_NOISE_DPS] * 3)

    def _samples_at(self, divider: int) -> Samples:
        if divider not in self._samples:
            valid_from = [
                slot_at(self._on_us[control], divider, self.trim) + 1 + BOOT_SAMPLES
                if control in self._on_us
                else 0
                for control in (CTRL1_XL, CTRL2_G)
            ]
            self._samples[divider] = Samples(
                self._source,
                divider,
                self.trim,
                self._lsb(),
                self._noise_sd(),
                (valid_from[0], valid_from[1]),
                self._seed,
            )
        return self._samples[divider]

    def _apply(self) -> None:
        """Make what was written hold: sensors on or off, counter on or off, FIFO begun anew where it
        changed."""
        registers = self._banks[0]
        for control in (CTRL1_XL, CTRL2_G):
            if not self._divider(registers[control] >> 4):
                self._on_us.pop(control, None)
            elif control not in self._on_us:
                self._on_us[control] = self._now_us
        if not self.part.tagged_fifo:
            if registers[TRC_FIFO_CTRL5] & 7:
                raise NotSimulated("the LSM6DS3TR-C's untagged FIFO")
            setting = (registers[CTRL1_XL], registers[CTRL2_G])
        else:
            timestamps = bool(registers[CTRL10_C] & TIMESTAMP_EN)
            if timestamps != (self._ticks_from_us is not None):
                self._ticks_from_us = self._now_us if timestamps else None
            setting = tuple(registers[r] for r in (CTRL1_XL, CTRL2_G, CTRL10_C, FIFO_CTRL3, FIFO_CTRL4))
        if setting != self._setting:
            self._setting = setting
            self._samples = {}
            self._seen = {control: self._newest(control) or 0 for control in (CTRL1_XL, CTRL2_G)}
            self._fifo = self._make_fifo() if self.part.tagged_fifo else None
        if self.part.tagged_fifo:
            self._apply_wake_up()

    # Wake-up

    def _apply_wake_up(self) -> None:
        """Begin to watch anew where the accelerometer or the function's own registers changed."""
        registers = self._banks[0]
        setting = tuple(registers[r] for r in (CTRL1_XL, TAP_CFG2, WAKE_UP_THS, WAKE_UP_DUR))
        if setting == self._wake_up_setting:
            return
        self._wake_up_setting = setting
        divider = self._divider(registers[CTRL1_XL] >> 4)
        if not (registers[TAP_CFG2] & INTERRUPTS_ENABLE and divider):
            self._wake_up = None
            return
        unit_lsb = 32768 >> (8 if registers[WAKE_UP_DUR] & 0x10 else 6)
        self._wake_up = WakeUp(
            self._samples_at(divider),
            slot_at(self._now_us, divider, self.trim) + 1,
            (registers[WAKE_UP_THS] & 0x3F) * unit_lsb,
            registers[WAKE_UP_DUR] >> 5 & 3,
        )

    def _update_wake_up(self) -> None:
        if self._wake_up is None:
            return
        filters, latch = self._banks[0][TAP_CFG0], LIR | INT_CLR_ON_READ
        if filters & SLOPE_FDS or self._banks[0][WAKE_UP_THS] & USR_OFF_ON_WU:
            raise NotSimulated("a wake-up by another filter than the slope")
        if filters & latch not in (0, latch):
            raise NotSimulated("an interrupt that is latched until the end of a period")
        self._wake_up.update(self._newest(CTRL1_XL) or 0)
        if not (filters & LIR and self._banks[0][MD1_CFG] & INT1_WU):
            self._wake_up.clear()  # nothing is latched that is not routed to a pin

    def _wake_up_source(self) -> int:
        """WU_IA and the axes. Reading it ends a latched interrupt."""
        self._update_wake_up()
        if self._wake_up is None:
            return 0
        axes = self._wake_up.latched or self._wake_up.now
        self._wake_up.clear()
        return WU_IA | axes if axes else 0

    # FIFO

    def _make_fifo(self) -> TaggedFifo | None:
        registers = self._banks[0]
        mode = registers[FIFO_CTRL4] & 7
        if mode not in (0, 1, 6):
            raise NotSimulated(f"FIFO mode {mode}")
        rates = (registers[FIFO_CTRL3] & 15, registers[FIFO_CTRL3] >> 4)
        controls = (registers[CTRL1_XL] >> 4, registers[CTRL2_G] >> 4)
        # A sensor is batched at its batch rate, at its own rate if that is lower, and not at all while it is
        # off.
        acc, gyro = (
            max(self._divider(rate), self._divider(control)) if rate and control else 0
            for rate, control in zip(rates, controls, strict=True)
        )
        if not mode or not acc | gyro:
            return None
        slot = min(d for d in (acc, gyro) if d)
        timestamp_every = (
            (0, 1, 8, 32)[registers[FIFO_CTRL4] >> 6] if registers[CTRL10_C] & TIMESTAMP_EN else 0
        )
        samples = self._samples_at(slot)
        first = slot_at(self._now_us, slot, self.trim) + 1
        first_us = round(float(slot_time_s(np.array(first), slot, self.trim)) * 1e6)
        first_tick = ticks_at(first_us - (self._ticks_from_us or 0), self.trim)
        batching = Batching(acc // slot, gyro // slot, timestamp_every, stop_when_full=mode == 1)
        return TaggedFifo(samples, batching, first, first_tick)

    def _update_fifo(self) -> None:
        if self._fifo is not None:
            self._fifo.fill(slot_at(self._now_us, self._fifo.divider, self.trim))

    def _fifo_status(self, register: int) -> int:
        fifo = self._fifo
        if fifo is None:
            return 0
        if register == FIFO_STATUS1:
            return fifo.level & 0xFF
        status = fifo.level >> 8 | fifo.is_full << 6 | fifo.is_nearly_full << 5 | fifo.overrun_latched << 3
        fifo.overrun_latched = fifo.is_full  # cleared by reading, unless it still holds
        return status | self._is_watermark_reached() << 7

    def _is_watermark_reached(self) -> bool:
        watermark = self._banks[0][FIFO_CTRL1] | (self._banks[0][FIFO_CTRL2] & 1) << 8
        return self._fifo is not None and 0 < watermark <= self._fifo.level

    def _fifo_byte(self, offset: int) -> int:
        if self._fifo is None:
            return 0
        byte = self._fifo.peek()[offset]
        if offset == WORD_SIZE - 1:
            self._fifo.take(1)
        return byte

    # Direct data

    def _newest(self, control: int) -> int | None:
        """Number of the sensor's newest sample; None while it is off."""
        divider = self._divider(self._banks[0][control] >> 4)
        return slot_at(self._now_us, divider, self.trim) if divider else None

    def _data_ready(self) -> int:
        """XLDA, GDA and TDA."""
        status = 4 if self._on_us else 0
        for bit, control in ((1, CTRL1_XL), (2, CTRL2_G)):
            newest = self._newest(control)
            if newest is not None and newest > self._seen[control]:
                status |= bit
        return status

    def _output(self, register: int) -> int:
        """One byte of temperature, rotation or acceleration. With BDU a pair stays as it is until both are
        read."""
        low = register & ~1
        if register == low:
            value = self._measured(low) & 0xFFFF
            if self._banks[0][CTRL3_C] & BDU:
                self._held[low] = value
            return value & 0xFF
        value = self._held.pop(low, None)
        return (self._measured(low) & 0xFFFF if value is None else value) >> 8

    def _measured(self, low: int) -> int:
        if low == OUT_TEMP_L:
            return round((self.temperature_c - 25.0) * 256)
        control = CTRL2_G if low < OUTX_L_A else CTRL1_XL
        newest = self._newest(control)
        if newest is None:
            return 0
        self._seen[control] = newest
        axis = (low - OUTX_L_G) // 2
        column = axis + 3 if control == CTRL2_G else axis - 3
        divider = self._divider(self._banks[0][control] >> 4)
        return int(self._samples_at(divider).rows(newest, 1)[0, column])
