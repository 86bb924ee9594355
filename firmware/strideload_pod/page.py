"""Steps and samples -> pages: 512 bytes, self-describing, closed by a CRC-32.

The layout stands here once. The host builds its numpy types from these formats and names, and docs/page-format.md
is compared with them by a test. Numbers are little endian; `reserved` bytes are zero.
"""

import struct
from binascii import crc32

PAGE_SIZE = 512
EMPTY = bytes(PAGE_SIZE)
MAGIC = b"SL"
VERSION = 1

# Magic, version, key and CRC keep these offsets in every version, so that a host can store and acknowledge a page
# from a pod that is newer than itself.
POD_OFFSET = 4
LOG_OFFSET = 12
STREAM_OFFSET = 16
NUMBER_OFFSET = 20
CRC_OFFSET = 508

STREAM_STEPS = 0
STREAM_RAW = 1

KIND_STEPS = 1
KIND_RAW = 2
KIND_SESSION_START = 3
KIND_SESSION_END = 4
KIND_ANCHOR = 5
KIND_GAP = 6
KIND_GONE = 7
KIND_MARK = 8
KIND_ALIVE = 9
KIND_CUE = 10

UNKNOWN_U8 = 0xFF
UNKNOWN_U16 = 0xFFFF
UNKNOWN_U32 = 0xFFFFFFFF
UNKNOWN_U64 = 0xFFFFFFFFFFFFFFFF
UNKNOWN_UTC_MS = -(2**63)
UNKNOWN_TEMPERATURE = -32768
INT16_MOST = 0x7FFF

CHIP_LSM6DSO32 = 1
CHIP_LSM6DSOX = 2
CHIP_LSM6DS3TRC = 3

ORIGIN_SENSOR = 0
ORIGIN_RECORDING = 1  # samples of a recording, played through a simulated chip
ORIGIN_SIMULATED = 2  # samples of the simulated runner

FLAG_RESAMPLED = 1  # the recording was not sampled at the chip's rate: times are true, peaks are rounded off

STEP_CLIPPED = 1  # an axis reached full scale around contact: peak and rise are lower bounds
STEP_TOE_OFF_ESTIMATED = 2
STEP_PEAK_UNRELIABLE = 4  # rate or range too low for an impact peak, see docs/metrics.md
STEP_AFTER_GAP = 8  # samples were lost within this stride

STEP_KIND_UNCERTAIN = 0
STEP_KIND_WALK = 1
STEP_KIND_RUN = 2

SESSION_MOTION = 1
SESSION_BUTTON = 2
SESSION_SETTINGS = 3
SESSION_QUIET = 4  # ten minutes without a step
SESSION_STOPPED = 5  # the pod was told to stop, or the recording ended
SESSION_LOG_FULL = 6

ANCHOR_NTP = 1
ANCHOR_HOST = 2
ANCHOR_RTC = 3
ANCHOR_OPERATOR = 4  # given by hand, as with a replayed recording

GAP_OVERRUN = 1
GAP_BUS = 2
GAP_STALL = 3  # the FIFO stopped and was started anew
GAP_ASLEEP = 4  # the pod slept, and the chip watched for motion only
GAP_LINE = 5  # nobody walked, and the line kept the loop waiting until the FIFO ran over

GONE_OVERWRITTEN = 1
GONE_CORRUPT = 2

MARK_BUTTON = 1
MARK_HOST = 2

CUE_GIVEN = 1
CUE_FADED = 2  # due, and left out by the fading
CUE_FAILED = 3  # due, and the motor did not answer

# fmt: off
HEADER_FORMAT = "<2sBB8sIBBHIIIQQQIHBBHBBIHhHHHHIHHHHIHHHH4s"
HEADER_NAMES = (
    "magic", "version", "kind", "pod", "log", "stream", "record_size", "record_count", "number", "session", "boot",
    "first_sample", "closed_sample", "closed_tick_ms",
    "rate_mhz", "odr_hz", "chip", "acc_range_g", "gyro_range_dps", "origin", "flags",
    "firmware", "detector", "temperature", "battery_mv", "reserved",
    "fifo_overruns", "bus_errors", "clipped_samples", "fifo_stalls", "register_errors", "pages_dropped", "log_errors",
    "samples_lost", "steps_dropped", "rest_errors", "bus_frees", "rest_mg", "reserved_2",
)
HEADER_SIZE = 112
# fmt: on

# Fault counters count up since the pod's boot and stay at their highest value when they reach it.
COUNTERS = {
    "fifo_overruns": 0xFFFF,
    "bus_errors": 0xFFFF,
    "clipped_samples": 0xFFFFFFFF,
    "fifo_stalls": 0xFFFF,
    "register_errors": 0xFFFF,
    "pages_dropped": 0xFFFF,
    "log_errors": 0xFFFF,
    "samples_lost": 0xFFFFFFFF,
    "steps_dropped": 0xFFFF,
    "rest_errors": 0xFFFF,
    "bus_frees": 0xFFFF,
}

RAW_ACC = ("<hhh", ("acc_x", "acc_y", "acc_z"))
RAW_ACC_GYRO = ("<hhhhhh", ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"))

# kind -> format and names of its records; times of steps are in 1/256 sample.
RECORDS = {
    KIND_STEPS: (
        "<IIIIHBBI",
        ("ic", "contact", "stride", "rise_g_s", "peak_mg", "kind", "flags", "reserved"),
    ),
    KIND_SESSION_START: ("<QQqB7s", ("sample", "tick_ms", "utc_ms", "reason", "reserved")),
    KIND_SESSION_END: ("<QQqB7s", ("sample", "tick_ms", "utc_ms", "reason", "reserved")),
    KIND_ANCHOR: ("<QQqHB5s", ("sample", "tick_ms", "utc_ms", "uncertainty_ms", "source", "reserved")),
    KIND_GAP: ("<QQB7s", ("sample", "lost", "cause", "reserved")),
    KIND_GONE: ("<BB2sII", ("stream", "cause", "reserved", "first", "count")),
    KIND_MARK: ("<QQqB3sI", ("sample", "tick_ms", "utc_ms", "source", "reserved", "code")),
    KIND_ALIVE: ("<QqII", ("tick_ms", "utc_ms", "pages_waiting", "pages_free")),
    KIND_CUE: (
        "<QQHHBBBB",
        ("sample", "tick_ms", "target_cspm", "cadence_cspm", "outcome", "run", "share_percent", "reserved"),
    ),
}  # type: dict[int, tuple[str, tuple[str, ...]]]


def record_layout(kind, record_size):
    """(format, names) of a kind's records; raw ones have three or six axes by their size. KeyError: unknown kind."""
    if kind == KIND_RAW:
        return RAW_ACC if record_size == 6 else RAW_ACC_GYRO
    return RECORDS[kind]


class Page:
    """One page in the making. `fields` holds the header by name and lives on from page to page.

    `open` empties it, `add` appends a record, `close` numbers and seals it and returns its 512 bytes (the same buffer
    every time: write it before the next `open`).
    """

    def __init__(self, pod, stream=STREAM_STEPS):
        if len(pod) != 8:
            raise ValueError("a pod id has 8 bytes, got %d" % len(pod))
        self.buffer = bytearray(PAGE_SIZE)
        self.count = 0
        self.size = 1
        self.limit = 0
        self.format = "<B"
        fields: dict = dict.fromkeys(HEADER_NAMES, 0)
        self.fields = fields
        fields["magic"] = MAGIC
        fields["version"] = VERSION
        fields["pod"] = bytes(pod)
        fields["stream"] = stream
        fields["reserved_2"] = bytes(4)
        fields["rate_mhz"] = UNKNOWN_U32
        fields["odr_hz"] = fields["gyro_range_dps"] = fields["battery_mv"] = UNKNOWN_U16
        fields["chip"] = fields["acc_range_g"] = fields["origin"] = UNKNOWN_U8
        fields["temperature"] = UNKNOWN_TEMPERATURE

    def open(self, kind, first_sample, six_axes=True):
        """Begin an empty page of `kind`; `first_sample` counts from the boot, in samples."""
        self.fields["number"] = UNKNOWN_U32  # until it is closed
        layout = (RAW_ACC_GYRO if six_axes else RAW_ACC) if kind == KIND_RAW else RECORDS[kind]
        self.format = layout[0]
        self.size = struct.calcsize(self.format)
        self.limit = (CRC_OFFSET - HEADER_SIZE) // self.size
        self.count = 0
        self.buffer[:] = EMPTY
        self.fields["first_sample"] = first_sample
        self.fields["kind"] = kind

    def is_full(self):
        return self.count == self.limit

    def add(self, *values):
        """Append a record, values in the order of the kind's names. ValueError when the page is full."""
        if self.count == self.limit:
            raise ValueError("page is full: %d records" % self.limit)
        struct.pack_into(self.format, self.buffer, HEADER_SIZE + self.count * self.size, *values)
        self.count += 1

    def add_samples(self, block, start, n):
        """Append `n` samples of `block` (array("h")), which begin at its item `start`. ValueError: no room for them."""
        if self.count + n > self.limit:
            raise ValueError("page is full: %d records" % self.limit)
        values = n * (self.size // 2)
        at = HEADER_SIZE + self.count * self.size
        struct.pack_into("<%dh" % values, self.buffer, at, *block[start : start + values])
        self.count += n

    def close(self, log, number, sample, tick_ms):
        """Seal the page as `number` of `log`, closed at `sample` and `tick_ms` since boot. -> its 512 bytes."""
        fields = self.fields
        fields["log"] = log
        fields["number"] = number
        fields["record_size"] = self.size
        fields["record_count"] = self.count
        fields["closed_sample"] = sample
        fields["closed_tick_ms"] = tick_ms
        buffer = self.buffer
        struct.pack_into(HEADER_FORMAT, buffer, 0, *[fields[name] for name in HEADER_NAMES])
        struct.pack_into("<I", buffer, CRC_OFFSET, crc32(memoryview(buffer)[:CRC_OFFSET]))
        return buffer

    def drop_kept(self, end):
        """Nothing is open if it was closed as a page of a log that goes on with number `end`. -> True if it was."""
        is_kept = self.fields["number"] < end
        if is_kept:
            self.count = 0
        return is_kept

    def count_fault(self, name, by=1):
        """Raise a fault counter; it stays at its highest value rather than wrap."""
        self.fields[name] = min(COUNTERS[name], self.fields[name] + by)


def is_whole(buffer):
    """True if these 512 bytes begin as a page does and their CRC fits, whatever their version."""
    if len(buffer) != PAGE_SIZE or bytes(buffer[:2]) != MAGIC:
        return False
    return crc32(memoryview(buffer)[:CRC_OFFSET]) == struct.unpack_from("<I", buffer, CRC_OFFSET)[0]


def key(buffer):
    """(pod, log, stream, number) of a page of any version; pod in hex."""
    return (
        bytes(buffer[POD_OFFSET : POD_OFFSET + 8]).hex(),
        struct.unpack_from("<I", buffer, LOG_OFFSET)[0],
        buffer[STREAM_OFFSET],
        struct.unpack_from("<I", buffer, NUMBER_OFFSET)[0],
    )
