"""micropython-lib's driver of a microSD card, by its door."""

import os

from card import Card
from machine import SPI, Pin


class SDCard(Card):
    def __init__(self, spi, cs, baudrate=1320000):
        if not isinstance(spi, SPI) or not isinstance(cs, Pin):
            raise TypeError("an SPI and a Pin")
        if os.getenv("CARD") == "none":
            raise OSError("no SD card")
        super().__init__()
