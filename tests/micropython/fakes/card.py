"""A microSD card in memory, formatted with FAT, as a block device."""

import os

BLOCK = 512
BLOCKS = 256


class Card:
    def __init__(self):
        self._data = bytearray(BLOCK * BLOCKS)
        os.VfsFat.mkfs(self)

    def readblocks(self, number, buffer, offset=0):
        at = number * BLOCK + offset
        buffer[:] = self._data[at : at + len(buffer)]

    def writeblocks(self, number, buffer, offset=0):
        at = number * BLOCK + offset
        self._data[at : at + len(buffer)] = buffer

    def ioctl(self, op, argument):
        return BLOCKS if op == 4 else BLOCK if op == 5 else 0


class SDCard(Card):
    """machine.SDCard of ESP32: slots 2 and 3 are SPI. CARD=none: the slot is empty."""

    def __init__(self, *, slot, sck, mosi, miso, cs):
        if slot not in (2, 3):
            raise ValueError("slot number must be 2 or 3 for SPI")
        if os.getenv("CARD") == "none":
            raise OSError(16, "no card")
        super().__init__()
