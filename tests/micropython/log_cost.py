"""Time what the log and a compressor of raw pages take in bytecode, in ns: cost.json, by name.

The compressor is not in the firmware: this is what it would cost there.
"""

import gc
import json
from array import array

from timing import best, iir

from strideload_pod.log import Log
from strideload_pod.page import KIND_RAW, PAGE_SIZE, STREAM_RAW, STREAM_STEPS, Page

SAMPLES = 33


class Handle:
    """An open file that costs next to nothing: what is written is dropped, but for a little."""

    def __init__(self, files, name, size):
        self.files = files
        self.name = name
        self.size = size

    def write(self, data):
        self.size += len(data)
        if len(data) < PAGE_SIZE:
            self.files.little[self.name] = bytes(data)

    def seek(self, offset, whence=0):
        return self.size if whence == 2 else offset

    def read(self):
        return self.files.little[self.name]

    def readinto(self, buffer):
        return 0

    def close(self):
        pass


class Files:
    def __init__(self, names):
        self.listed = names
        self.little = {}

    def open(self, name, mode):
        return Handle(self, name, PAGE_SIZE if mode == "ab" else 0)

    def names(self):
        return self.listed + list(self.little)

    def remove(self, name):
        pass

    def sync(self, file):
        pass


def pack(samples, n, axes, out):
    """Delta and bit-packing: for each axis its first value, the width of its deltas, and the deltas. -> bytes."""
    at = 0
    held = 0
    bits = 0
    for axis in range(axes):
        last = samples[axis]
        out[at] = last & 255
        out[at + 1] = last >> 8 & 255
        at += 2
        widest = 0
        i = axis + axes
        for _ in range(n - 1):
            value = samples[i]
            delta = value - last
            last = value
            widest |= delta ^ delta >> 31
            i += axes
        width = 1
        while widest >> width - 1:
            width += 1
        out[at] = width
        at += 1
        mask = (1 << width) - 1
        last = samples[axis]
        i = axis + axes
        for _ in range(n - 1):
            value = samples[i]
            held |= (value - last & mask) << bits
            last = value
            bits += width
            i += axes
            while bits >= 8:
                out[at] = held & 255
                at += 1
                held >>= 8
                bits -= 8
    out[at] = held & 255
    return at + 1


with open("samples.bin", "rb") as source:
    samples = array("h", source.read())
blocks = [samples[i : i + 6 * SAMPLES] for i in range(0, len(samples) - 6 * SAMPLES + 1, 6 * SAMPLES)]
out = bytearray(1024)
sizes = []


def run_pack():
    for block in blocks:
        sizes.append(pack(block, SAMPLES, 6, out))
    sizes.clear()


def run_iir():
    for block in blocks:
        iir(block, SAMPLES, 6, 0)


def run_append(log, page, times):
    for i in range(times):
        page.count = page.limit
        log.append(page, i, i * 40)


def run_add(page):
    for block in blocks:
        page.open(KIND_RAW, 0)
        page.add_samples(block, 0, SAMPLES)


names = ["0-%08x.seg" % (63 * i) for i in range(261)]
files = Files([])
log = Log(files, b"12345678", 16384, lambda: 1, Files([]), 1 << 20)
files.listed = names
raw = Page(b"12345678", STREAM_RAW)
raw.open(KIND_RAW, 0)
steps = Page(b"12345678", STREAM_STEPS)
steps.open(KIND_RAW, 0)

n = len(blocks) * SAMPLES
found = best(n, iir=run_iir, pack=run_pack, add=lambda: run_add(raw))
found.update(
    best(50, append_raw=lambda: run_append(log, raw, 50), append_steps=lambda: run_append(log, steps, 50))
)
found.update(best(1, open=lambda: Log(files, b"12345678", 16384, lambda: 1)))
found["packed"] = sum(pack(block, SAMPLES, 6, out) for block in blocks) / len(blocks)
for name, page in (("raw", raw), ("steps", steps)):
    run_append(log, page, 3)
    before = gc.mem_alloc()
    run_append(log, page, 10)
    found["bytes_" + name] = (gc.mem_alloc() - before) / 10
with open("out/cost.json", "w") as made:
    json.dump(found, made)
