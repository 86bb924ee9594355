"""How the pod is: identity, one g at rest, noise, true rate, room, battery, time and broker, as one line of JSON.

Runs in place of the loop, over the same Board: `tell(board)` on a console, and the host reads the line
(`strideload pod check`). The pod has to lie still meanwhile. What fails says so in its own place, and hides nothing.
"""

import json
import sys
from array import array

from strideload_pod import FIRMWARE_VERSION
from strideload_pod.imu import WHO_AM_I, Imu, ImuError, open_driver
from strideload_pod.log import Log, LogError
from strideload_pod.page import PAGE_SIZE
from strideload_pod.settings import HostSettings, read_settings
from strideload_pod.sync import CONNECT_MS, ONLINE, topic

REPORT_VERSION = 1
LISTEN_MS = 2_000
BLOCK_SAMPLES = 256
POLL_MS = 50
PROBE_NAME = "check.tmp"  # no name of the log's


def tell(board, with_broker=True):
    """Print the report, one line."""
    print(json.dumps(check(board, with_broker)))


def check(board, with_broker=True):
    """The report as a dict; None stands for what this board does not know, or was not to look at."""
    version = sys.implementation.version
    report = {
        "check": REPORT_VERSION,
        "firmware": "%d.%d.%d" % FIRMWARE_VERSION,
        "interpreter": "%s %d.%d" % (sys.implementation.name, version[0], version[1]),
        "pod": board.uid.hex(),
    }
    try:
        settings = _settings(board)
    except ValueError as error:
        report["settings"] = _failed(error)
        return report
    report["settings"] = {
        "chip": settings["STRIDELOAD_CHIP"],
        "odr_hz": settings["STRIDELOAD_ODR_HZ"],
        "range_g": settings["STRIDELOAD_RANGE_G"],
        "store": settings["STRIDELOAD_STORE"] or None,
    }
    report["chip"] = _try(_look_at_chip, board, settings)
    report["log"] = _try(_look_at_log, board, settings)
    report["battery"] = _try(_look_at_battery, board, settings)
    report["clock"] = _try(_look_at_clock, board, settings)
    report["broker"] = _try(_look_at_broker, board, settings) if with_broker else None
    return report


def _settings(board):
    """What the loop would go by: the host's word over the board's own. ValueError: no pod has that."""
    try:
        return HostSettings(board.files).hold(board.settings)
    except OSError:  # the log says more of it
        return read_settings(board.settings)


def _try(look, board, settings):
    try:
        return look(board, settings)
    except (ImuError, LogError, OSError, ValueError, RuntimeError) as error:
        return _failed(error)


def _failed(error):
    """An OSError by this name on every interpreter: CPython has many kinds of them."""
    name = "OSError" if isinstance(error, OSError) else type(error).__name__
    return {"error": name, "text": str(error)}


# The chip


def _look_at_chip(board, settings):
    """Samples of two seconds: their mean, their spread and how many came. ImuError, OSError."""
    part = settings["STRIDELOAD_CHIP"]
    imu = Imu(
        open_driver(part, board.i2c),
        board.clock.sleep_ms,
        part,
        settings["STRIDELOAD_ODR_HZ"],
        settings["STRIDELOAD_RANGE_G"],
        settings["STRIDELOAD_GYRO_DPS"],
    )
    imu.start()
    try:
        measured_mhz, spread = _listen(imu, board.clock)
        temperature = imu.temperature()
    finally:
        imu.stop()
    return {
        "identity": WHO_AM_I[part],
        "rest_mg": (spread.mean(imu.acc_ug_lsb) + 500) // 1000,
        "noise_ug": spread.rms(imu.acc_ug_lsb),
        "rate_mhz": imu.rate_mhz,
        "measured_mhz": measured_mhz,
        "lost": imu.lost,
        "bad_words": imu.bad_words,
        "temperature_c": temperature // 256,
    }


def _listen(imu, clock):
    """(rate by the board's clock in 1/1000 Hz, Spread of the samples).

    The rate is that of a straight line through ticks and counts: a read that came late weighs little in it.
    """
    block = array("h", bytes(2 * imu.axes * BLOCK_SAMPLES))
    wait_ms = min(imu.watermark_ms, 100)
    clock.sleep_ms(wait_ms)
    spread = Spread()
    began_ms, _ = _drain(imu, block, clock, spread)
    points = 1  # the first one is (0, 0)
    samples = elapsed_ms = 0
    sum_t = sum_n = sum_tt = sum_tn = 0
    while elapsed_ms < LISTEN_MS:
        clock.sleep_ms(wait_ms)
        tick_ms, count = _drain(imu, block, clock, spread)
        samples += count
        elapsed_ms = tick_ms - began_ms
        points += 1
        sum_t += elapsed_ms
        sum_n += samples
        sum_tt += elapsed_ms * elapsed_ms
        sum_tn += elapsed_ms * samples
    rate_mhz = 1_000_000 * (points * sum_tn - sum_t * sum_n) // (points * sum_tt - sum_t * sum_t)
    return rate_mhz, spread


def _drain(imu, block, clock, spread):
    """(tick of the last read, samples made up to it): all that the chip has, a lost one counted as well."""
    count = 0
    while True:
        tick_ms = clock.ticks_ms()
        n = imu.read(block)
        count += n + imu.take_lost()
        spread.add(block, n, imu.axes)
        if n < BLOCK_SAMPLES:
            return tick_ms, count


class Spread:
    """Mean and RMS of acceleration, summed up in whole numbers: a board's floats have 23 bits."""

    def __init__(self):
        self.n = 0
        self.first = [0, 0, 0]
        self.sums = [0, 0, 0]  # of differences to the first sample
        self.squares = [0, 0, 0]

    def add(self, block, n, axes):
        """Take in the first `n` samples of a block."""
        if n and not self.n:
            self.first = [block[axis] for axis in range(3)]
        for axis in range(3):
            first = self.first[axis]
            total = squares = 0
            for at in range(axis, n * axes, axes):
                off = block[at] - first
                total += off
                squares += off * off
            self.sums[axis] += total
            self.squares[axis] += squares
        self.n += n

    def mean(self, ug_lsb):
        """Length of the mean acceleration in micro-g; 0 without samples."""
        if not self.n:
            return 0
        length = 0
        for axis in range(3):
            # In 1/16 LSB.
            mean = 16 * self.first[axis] + 16 * self.sums[axis] // self.n
            length += mean * mean
        return int(length**0.5 * ug_lsb / 16)

    def rms(self, ug_lsb):
        """RMS about the mean on the noisiest axis, in micro-g; 0 without samples."""
        most = 0
        for axis in range(3):
            # n**2 times the variance
            most = max(most, self.n * self.squares[axis] - self.sums[axis] ** 2)
        return int(most**0.5 * ug_lsb / self.n) if self.n else 0


# What is beside it


def _look_at_log(board, settings):
    """The log as the loop would open it, and whether a page more can be written. LogError, OSError."""
    if getattr(board, "read_only", False):
        raise OSError(
            "the drive is the computer's now, so nothing is recorded: plug the pod in without its button"
        )
    log = Log(
        board.files,
        board.uid,
        settings["STRIDELOAD_LOG_PAGES"],
        board.random_u32,
        board.raw_files,
        settings["STRIDELOAD_RAW_PAGES"],
    )
    _probe(board.files)
    return {
        "log": "%08x" % log.id,
        "free_pages": log.free(),
        "waiting": log.waiting(),
        "store": log.store,
    }


def _probe(files):
    """Write the size of a page, and take it away again. OSError: there is no room."""
    file = files.open(PROBE_NAME, "wb")
    try:
        file.write(bytes(PAGE_SIZE))
        files.sync(file)
    finally:
        try:
            file.close()
        finally:
            files.remove(PROBE_NAME)


def _look_at_battery(board, settings):
    return {"mv": board.battery_mv()}


def _look_at_clock(board, settings):
    return {"utc_ms": board.clock.utc_ms()}


def _look_at_broker(board, settings):
    """How long the broker took to let the pod in; None: there is none in the settings. OSError says why not."""
    client = board.client()
    if client is None:
        return None
    began_ms = board.clock.ticks_ms()
    why_not = OSError("no answer within %d s" % (CONNECT_MS // 1000))
    try:
        client.connect(topic(board.uid, ONLINE), b"0")
        while not client.connected:
            if board.clock.ticks_ms() - began_ms > CONNECT_MS:
                raise why_not
            try:
                client.poll(POLL_MS)
            except OSError as error:  # the broker refused; or Wi-Fi is still joining
                why_not = error
                board.clock.sleep_ms(POLL_MS)
        return {"connected_ms": board.clock.ticks_ms() - began_ms}
    finally:
        client.close()
