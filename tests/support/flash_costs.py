"""What operations on flash and card take on an RP2040 with MicroPython, by published figures. No board was measured."""

from support.littlefs import Chip

# At 125 MHz MicroPython clocks the flash with a quarter of it (ports/rp2/rp2_flash.c: 60 MHz at most, even divisors).
# A miss of the cache fetches 8 bytes [RP2040 datasheet, 2.6.3]: 28 clocks of a quad read [W25Q16JV datasheet, EBh].
FLASH_CLOCK_HZ = 125e6 / 4
READ_8_BYTES_US = 28 / FLASH_CLOCK_HZ * 1e6
# From littlefs through MicroPython's block device to memcpy and back: an allowance of 1000 cycles, not measured.
CALL_US = 8.0

# W25Q16JV datasheet (Winbond, revision H), AC characteristics: page program 0.4 ms, 3 ms at most; sector erase 45 ms,
# 400 ms at most; features: 100 000 program and erase cycles a sector at least.
PROGRAM_MS = 0.4
ERASE_MS = 45.0
CYCLES = 100_000

# A sector of a card over SPI, at the rates that drivers take unless told otherwise: 1.32 MHz in micropython-lib's
# sdcard.py, 8 MHz in CircuitPython's sdcardio. A millisecond is allowed for the card's own answer, not measured.
SECTOR = 512
SECTOR_MS = {clock_hz: SECTOR * 8 / clock_hz * 1000 + 1 for clock_hz in (1_320_000, 8_000_000)}
# FAT: a name has an entry of 32 bytes for each 13 characters, and one more; 4 bytes for each cluster of 32 kB.
FAT_ENTRY = 32
FAT_ENTRY_CHARACTERS = 13
FAT_CLUSTER = 32_768
FAT_LINK_BYTES = 4


def flash_ms(chip: Chip) -> float:
    """What a chip's operations since `forget_costs` take."""
    reading_us = chip.reads * CALL_US + chip.bytes_read / 8 * READ_8_BYTES_US
    writing_ms = chip.programs * PROGRAM_MS + sum(chip.erases) * ERASE_MS
    return reading_us / 1000 + writing_ms


def card_sectors(names: int, name_length: int, scans: int, newest_bytes: int) -> int:
    """Sectors of a FAT card that are read: the folder so many times, and the chain of the newest file once."""
    entries = 1 + -(-name_length // FAT_ENTRY_CHARACTERS)
    folder = -(-names * entries * FAT_ENTRY // SECTOR)
    links = -(-newest_bytes // FAT_CLUSTER) * FAT_LINK_BYTES
    return scans * folder + -(-links // SECTOR)
