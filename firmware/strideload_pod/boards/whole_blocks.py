"""A card whose driver is Python, on MicroPython: what is begun with a block is done with it."""

import micropython

CTRL_C = 3


class WholeBlocks:
    """A block device over another. Ctrl-C in the midst of a transfer is not heard: it would leave the card selected,
    and FatFs with half a sector that it takes for a whole one.
    """

    def __init__(self, card):
        self._card = card

    def readblocks(self, *words):
        return _whole(self._card.readblocks, words)

    def writeblocks(self, *words):
        return _whole(self._card.writeblocks, words)

    def ioctl(self, *words):
        return _whole(self._card.ioctl, words)


def _whole(call, words):
    micropython.kbd_intr(-1)
    try:
        return call(*words)
    finally:
        micropython.kbd_intr(CTRL_C)
