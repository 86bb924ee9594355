"""The boards that a pod can be: how each is known, and what its interpreter needs. They stand here once."""

from dataclasses import dataclass
from typing import Final

from strideload.errors import StrideloadError

CIRCUITPYTHON: Final = "circuitpython"
MICROPYTHON: Final = "micropython"
LINUX: Final = "linux"

# The firmware needs these and newer ones.
VERSION_LEAST: Final = {CIRCUITPYTHON: (9, 0), MICROPYTHON: (1, 22)}


@dataclass(frozen=True)
class Kind:
    """One kind of board. `board_ids` as CircuitPython's boot_out.txt has them; `machines` as MicroPython's
    `sys.implementation._machine` begins; `march` as mpy-cross calls the processor.

    `settings`: what settings.toml of such a board needs beside the firmware's defaults.
    """

    name: str
    title: str
    board_ids: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    march: str | None = None
    settings: tuple[tuple[str, str | int], ...] = ()


KINDS: Final = (
    Kind(
        name="pico-w",
        title="Raspberry Pi Pico W",
        board_ids=("raspberry_pi_pico_w",),
        machines=("Raspberry Pi Pico W with ",),
        march="armv6m",
    ),
    Kind(
        name="pico-2-w",
        title="Raspberry Pi Pico 2 W",
        board_ids=("raspberry_pi_pico2_w",),
        machines=("Raspberry Pi Pico 2 W with ",),
        march="armv7emsp",
    ),
    Kind(
        name="feather-esp32-s3",
        title="Adafruit Feather ESP32-S3",
        board_ids=("adafruit_feather_esp32s3_4mbflash_2mbpsram", "adafruit_feather_esp32s3_nopsram"),
        machines=("Generic ESP32S3 module with ", "ESP32-S3 module with ", "Adafruit Feather ESP32-S3 with "),
        march="xtensawin",
    ),
    Kind(
        name="linux",
        title="Raspberry Pi Zero 2 W, or any computer with Linux and an I2C bus",
        # As wired in hardware/pins.toml.
        settings=(
            ("STRIDELOAD_INT1_LINE", "/dev/gpiochip0:17"),
            ("STRIDELOAD_BUTTON_LINE", "/dev/gpiochip0:27"),
        ),
    ),
)


class UnknownBoard(StrideloadError):
    """No board that the firmware is known to run on."""

    def __init__(self, found: str) -> None:
        known = "; ".join(f"{kind.name} ({kind.title})" for kind in KINDS)
        super().__init__(
            f"{found} is no board that this firmware is known to run on. Known are: {known}. "
            "If it is one of these by another name, say which with --board."
        )


def by_name(name: str) -> Kind:
    """The board of `--board`. UnknownBoard."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise UnknownBoard(repr(name))


def by_board_id(board_id: str) -> Kind:
    """The board that CircuitPython names so. UnknownBoard."""
    for kind in KINDS:
        if board_id in kind.board_ids:
            return kind
    raise UnknownBoard(f"{board_id!r}")


def by_machine(machine: str) -> Kind:
    """The board that MicroPython names so. UnknownBoard."""
    for kind in KINDS:
        if machine.startswith(kind.machines):
            return kind
    raise UnknownBoard(f"{machine!r}")


def need_version(interpreter: str, version: tuple[int, ...]) -> None:
    """StrideloadError: the interpreter on the board is too old."""
    least = VERSION_LEAST[interpreter]
    if version[:2] < least:
        title = {CIRCUITPYTHON: "CircuitPython", MICROPYTHON: "MicroPython"}[interpreter]
        raise StrideloadError(
            f"The board has {title} {'.'.join(map(str, version))}, and {'.'.join(map(str, least))} or newer is needed: "
            f"put a newer one on it first ({interpreter}.org)."
        )
