"""The log on MicroPython's own FAT: the power fails between any two sectors of a life, and within each.

`fat_cuts.py FIRMWARE`: prints how many cuts there were, and a line for each that broke a promise.
"""

import os
import sys

import vfs

sys.path.insert(0, sys.argv[1])

from strideload_pod.log import Log, LogFull
from strideload_pod.page import KIND_ALIVE, KIND_RAW, PAGE_SIZE, STREAM_RAW, STREAM_STEPS, Page

POD = b"12345678"
STREAMS = (STREAM_STEPS, STREAM_RAW)
SECTOR = 512
SECTORS = 1024
TORN_AT = (4, 200, 500)  # bytes of a sector that are new, the others are old
FOLDER = "/card"
EDGE = 12  # pages at either end of a stream that are looked at after each cut
COUNT, SIZE = 4, 5  # ioctl


class Card:
    """A block device in memory that writes down which sectors it wrote."""

    def __init__(self, image):
        self.memory = bytearray(image)
        self.written = []

    def readblocks(self, sector, buffer):
        buffer[:] = self.memory[sector * SECTOR : sector * SECTOR + len(buffer)]

    def writeblocks(self, sector, buffer):
        for start in range(0, len(buffer), SECTOR):
            at = sector * SECTOR + start
            self.written.append((at, bytes(buffer[start : start + SECTOR])))
            self.memory[at : at + SECTOR] = self.written[-1][1]

    def ioctl(self, what, _argument):
        return {COUNT: SECTORS, SIZE: SECTOR}.get(what, 0)


class Files:
    """`files` of a board."""

    def open(self, name, mode):
        return open(FOLDER + "/" + name, mode)

    def names(self):
        return [entry[0] for entry in os.ilistdir(FOLDER)]

    def remove(self, name):
        os.remove(FOLDER + "/" + name)

    def sync(self, file):
        file.flush()


def mounted(image):
    card = Card(image)
    vfs.mount(vfs.VfsFat(card), FOLDER)
    return card


def open_log():
    return Log(Files(), POD, 256, lambda: 0xFA7FA7)


def append(log, stream, value):
    page = Page(POD, stream)
    page.fields["boot"] = log.boot
    if stream == STREAM_RAW:
        page.open(KIND_RAW, value, False)
        page.add(value, 0, 0)
    else:
        page.open(KIND_ALIVE, value)
        page.add(value, value, 0, 0)
    log.append(page, value, 100 * value)


def read(log, stream, number):
    buffer = bytearray(PAGE_SIZE)
    return bytes(buffer) if log.read(stream, number, buffer) else None


def full_card():
    """A log that is all but full."""
    card = Card(bytes(SECTORS * SECTOR))
    vfs.VfsFat.mkfs(card)
    vfs.mount(vfs.VfsFat(card), FOLDER)
    log = open_log()
    for value in range(120):
        append(log, STREAM_RAW, value)
    log.settle()
    for value in range(66 + 62):
        append(log, STREAM_STEPS, value)
    log.close()
    vfs.umount(FOLDER)
    return bytes(card.memory)


def live(card):
    """A host that takes pages, and pages in the place of those. -> promises: (point, stream, number, bytes)."""
    log = open_log()
    promises = [
        (0, stream, number, read(log, stream, number))
        for stream in STREAMS
        for number in range(log.next(stream))
    ]
    opened = len(card.written)
    seen = [log.next(stream) for stream in STREAMS]
    log.acknowledge(STREAM_RAW, 64)
    log.acknowledge(STREAM_STEPS, 70)
    for value in range(1000, 1066):
        append(log, STREAM_STEPS, value)
        if value % 3 == 0:
            log.settle()
        for stream in STREAMS:
            while seen[stream] < log.next(stream):
                promises.append((len(card.written), stream, seen[stream], read(log, stream, seen[stream])))
                seen[stream] += 1
    log.close()
    return log, opened, promises


def fault_of(log, boot, promises):
    """Why a log that was opened after a cut is not as it was promised; None: it is."""
    if log.boot <= boot:
        return "boot %d again" % log.boot
    for stream, wanted in ((STREAM_STEPS, 70), (STREAM_RAW, 64)):
        mine = [promise for promise in promises if promise[0] == stream]
        if log.next(stream) < mine[-1][1] + 1:
            return "stream %d ends at %d" % (stream, log.next(stream))
        for _, number, data in mine[:EDGE] + mine[-EDGE:]:
            found = read(log, stream, number)
            if found is None and not number < log.oldest(stream) <= wanted:
                return "page %d of stream %d is gone" % (number, stream)
            if found is not None and found != data:
                return "page %d of stream %d is another" % (number, stream)
    number = log.next(STREAM_STEPS)
    try:
        append(log, STREAM_STEPS, 5000)
    except LogFull:
        return None
    return None if read(log, STREAM_STEPS, number) else "page %d was not written" % number


def look_at(image, boot, promises):
    mounted(image)
    try:
        log = open_log()
        fault = fault_of(log, boot, promises)
        log.close()
        if fault is None and open_log().boot <= log.boot:
            fault = "the next boot is no other"
        return fault
    except Exception as error:  # noqa: BLE001 - whatever it is, the cut broke the log
        return "%s %s" % (type(error).__name__, error)
    finally:
        vfs.umount(FOLDER)


before = full_card()
card = mounted(before)
log, opened, promises = live(card)
vfs.umount(FOLDER)
image = bytearray(before)
cuts = 0
for point in range(len(card.written)):
    at, data = card.written[point]
    kept = bytes(image[at : at + SECTOR])
    boot = log.boot if point >= opened else log.boot - 1
    due = [promise[1:] for promise in promises if promise[0] <= point]
    for size in (0,) + TORN_AT:
        image[at : at + SECTOR] = data[:size] + kept[size:]
        fault = look_at(image, boot, due)
        cuts += 1
        if fault:
            print("sector write", point, "of", size, "bytes:", fault)
    image[at : at + SECTOR] = data
print(cuts, "cuts,", log.oldest(STREAM_RAW), "and", log.oldest(STREAM_STEPS), "freed")
