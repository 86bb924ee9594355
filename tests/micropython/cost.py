"""Time a sample of the detector and its neighbours, in ns: cost.json, by name."""

import json
from array import array

from timing import best, iir

from strideload_pod import capture, detector, imu, page

BLOCK = 128


def blocks_of(name, axes):
    with open(name, "rb") as source:
        samples = array("h", source.read())
    size = BLOCK * axes
    return [samples[i : i + size] for i in range(0, len(samples) - size + 1, size)]


def run_iir(blocks, axes):
    level = 0
    for block in blocks:
        level = iir(block, BLOCK, axes, level)


def run_detector(blocks, rate_mhz, gyro_udps_lsb):
    state = array("i", bytes(4 * detector.state_size(rate_mhz, gyro_udps_lsb)))
    steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
    detector.setup(state, rate_mhz, 976, gyro_udps_lsb)
    for block in blocks:
        detector.process(state, block, BLOCK, steps)


class Driver:
    i2c_device = None


def fifo(axes):
    """The reader with 256 words of the FIFO in its buffer."""
    reader = imu.Imu(Driver, None, "LSM6DSO32", 416, 32, 2000 if axes == 6 else 0)
    tags = {}
    for tag in range(256):
        tags.setdefault(imu._KINDS[tag], tag)
    for word in range(256):
        kind = (0x10 if word % 2 and axes == 6 else 0x20) | (word // (axes // 3)) % 4
        reader._buffer[word * 7] = tags[kind]
        for i in range(6):
            reader._buffer[word * 7 + 1 + i] = word * 3 + i & 0x3F
    return reader


def run_fifo(reader, block, times):
    for _ in range(times):
        reader._at = 0
        reader._end = 7 * 256
        reader._expected = -1
        reader._decode(block, 0, 256)


def run_capture(raw, fields, block, times):
    for number in range(times):
        raw.add(fields, block, 256, 256 * number)


def measure(case):
    blocks = blocks_of(case["file"], case["axes"])
    n = len(blocks) * BLOCK
    axes = case["axes"]
    return best(
        n,
        iir=lambda: run_iir(blocks, axes),
        detector=lambda: run_detector(blocks, case["rate_mhz"], 70_000 if axes == 6 else 0),
    )


def measure_neighbours(axes):
    block = array("h", bytes(2 * 6 * 256))
    reader = fifo(axes)
    fields = page.Page(bytes(8)).fields
    raw = capture.Capture(bytes(8), axes, lambda page, sample: page.close(1, 0, sample, 0))
    found = best(50 * 256 * 3 // axes, decode=lambda: run_fifo(reader, block, 50))
    found.update(best(20 * 256, page=lambda: run_capture(raw, fields, block, 20)))
    return found


with open("cases.json") as source:
    cases = json.load(source)
found = {name: measure(case) for name, case in cases.items()}
for axes in (3, 6):
    found[f"{axes} axes"] = measure_neighbours(axes)
with open("out/cost.json", "w") as made:
    json.dump(found, made)
