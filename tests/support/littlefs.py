"""littlefs on a NOR flash in memory, as MicroPython has it on an RP2: what each operation costs, and what a cut leaves.

The flash counts reads, programs and erases, and writes down each page that it programs and each block that it erases,
so that a life lived once can be looked at as a cut in any of them would have left it (`cuts`).
"""

import io
from collections.abc import Iterator, Sequence

from littlefs import LittleFS, LittleFSError

from support.files import Cut, Power

BLOCK = 4096  # FLASH_SECTOR_SIZE of the Pico SDK, erased at once
PAGE = 256  # FLASH_PAGE_SIZE, programmed at once
WEAK = 8  # bytes whose bits are neither old nor new where a program or an erase was cut
FOLDER = "log"

# MicroPython's VfsLfs2 (extmod/vfs_lfsx.c) on an RP2 (ports/rp2/modules/_boot.py: progsize=256): a cache of four
# programs, and one bit for each of 256 blocks to look ahead.
CONFIG = {
    "read_size": 32,
    "prog_size": PAGE,
    "block_size": BLOCK,
    "cache_size": 4 * PAGE,
    "lookahead_size": 32,
    "block_cycles": 100,
}


class Chip:
    """The block device below littlefs. `erases`: of each block. A program clears bits, and only an erase sets them."""

    def __init__(self, blocks: int, image: bytes | None = None, power: Power | None = None):
        self.memory = bytearray(image or b"\xff" * (blocks * BLOCK))
        self.power = power or Power()
        self.reads = self.bytes_read = self.programs = 0
        self.erases = [0] * blocks

    def read(self, _config: object, block: int, offset: int, size: int) -> bytearray:
        self.reads += 1
        self.bytes_read += size
        at = block * BLOCK + offset
        return self.memory[at : at + size]

    def prog(self, _config: object, block: int, offset: int, data: bytes) -> int:
        for start in range(0, len(data), PAGE):
            at = block * BLOCK + offset + start
            page = bytes(data[start : start + PAGE])
            self.power.history.append((self, "program", str(at), page))
            self.power.points += 1
            self.programs += 1
            _program(self.memory, at, page)
        return 0

    def erase(self, _config: object, block: int) -> int:
        self.power.history.append((self, "erase", str(block * BLOCK), b""))
        self.power.points += 1
        self.erases[block] += 1
        self.memory[block * BLOCK : (block + 1) * BLOCK] = b"\xff" * BLOCK
        return 0

    def sync(self, _config: object) -> int:
        return 0

    def forget_costs(self) -> None:
        self.reads = self.bytes_read = self.programs = 0
        self.erases = [0] * len(self.erases)


def _program(memory: bytearray, at: int, data: bytes) -> None:
    before = int.from_bytes(memory[at : at + len(data)], "little")
    memory[at : at + len(data)] = (before & int.from_bytes(data, "little")).to_bytes(len(data), "little")


class LittleFlash:
    """`files` of a board: a folder of littlefs. `held`: what the flash holds; None: it is formatted. `config`: where it
    differs from CONFIG."""

    def __init__(
        self, held: bytes | None = None, power: Power | None = None, blocks: int = 96, **config: int
    ):
        blocks = len(held) // BLOCK if held else blocks
        self.power = power or Power()
        self.chip = Chip(blocks, held, self.power)
        self._config = CONFIG | config | {"block_count": blocks}
        self._system = LittleFS(self.chip, mount=False, **self._config)
        if held is None:
            self._system.format()
            self._system.mount()
            self._system.mkdir(FOLDER)
        else:
            self._system.mount()

    @property
    def points(self) -> int:
        return self.power.points

    @property
    def used_blocks(self) -> int:
        return self._system.used_block_count

    def open(self, name: str, mode: str) -> "_File":
        return _File(_heed(self._system.open, f"{FOLDER}/{name}", mode, buffering=0))

    def names(self) -> list[str]:
        return _heed(self._system.listdir, FOLDER)

    def remove(self, name: str) -> None:
        _heed(self._system.remove, f"{FOLDER}/{name}")

    def sync(self, file: "_File") -> None:
        _heed(file.handle.flush)

    def left(self, _how: str) -> bytes:
        """What the flash holds now. What littlefs has in its caches is in memory, and lost."""
        return bytes(self.chip.memory)

    def reset(self) -> None:
        """The pod starts anew: what was open is forgotten, and littlefs mounted again."""
        self._system = LittleFS(self.chip, mount=False, **self._config)
        self._system.mount()


class _File:
    def __init__(self, handle: io.RawIOBase):
        self.handle = handle

    def write(self, data: bytes) -> int:
        return _heed(self.handle.write, bytes(data))

    def read(self) -> bytes:
        return _heed(self.handle.read)

    def readinto(self, buffer: bytearray) -> int:
        return _heed(self.handle.readinto, buffer)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return _heed(self.handle.seek, offset, whence)

    def close(self) -> None:
        _heed(self.handle.close)


def _heed(call, *arguments, **named):
    """What a call of littlefs answers; its errors are OSErrors, as on a board."""
    try:
        return call(*arguments, **named)
    except LittleFSError as error:
        raise OSError(-error.code, str(error)) from error


def cuts(flashes: Sequence[LittleFlash], before: Sequence[bytes], every: int = 1) -> Iterator[Cut]:
    """What each of `flashes` holds after a cut in their life, at every program of a page and every erase of a block, or
    at each so many: before it, after its first part, after most of it, and somewhere between."""
    chips = [flash.chip for flash in flashes]
    images = [bytearray(image) for image in before]
    for point, (chip, what, place, data) in enumerate(flashes[0].power.history):
        which, at = chips.index(chip), int(place)
        image = images[which]
        end = at + (len(data) or BLOCK)
        if point % every == 0:
            yield Cut("before", [bytes(each) for each in images], point, point)
            kept = bytes(image[at:end])
            most = len(kept) - WEAK
            for size in (0, point * 997 % most, most):
                image[at:end] = _torn(kept, data, size)
                yield Cut(f"{what} of {size}", [bytes(each) for each in images], point, point)
            image[at:end] = kept
        if what == "program":
            _program(image, at, data)
        else:
            image[at:end] = b"\xff" * BLOCK


def _torn(kept: bytes, data: bytes, size: int) -> bytes:
    """A page programmed to `size` bytes, or a block (no `data`) erased so far; the bits of the next bytes are weak."""
    torn = bytearray(kept)
    weak = slice(size, size + WEAK)
    if data:
        _program(torn, 0, data[:size] + bytes(byte | 0x55 for byte in data[weak]))
    else:
        torn[:size] = b"\xff" * size
        torn[weak] = bytes(byte | 0x5A for byte in torn[weak])
    return bytes(torn)
