"""Reads pins.toml, and refuses wires that lead nowhere or two uses of one pin."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1] / "pins.toml"
INTERPRETERS = ("circuitpython", "micropython", "linux")


class PinsError(Exception):
    """pins.toml does not make sense; the message names the wire."""


@dataclass(frozen=True)
class Option:
    name: str
    settings: dict[str, str | int]  # needed beside the pins


@dataclass(frozen=True)
class Device:
    name: str
    type: str
    terminals: tuple[str, ...]


@dataclass(frozen=True)
class End:
    """One end of a wire: the terminal of a device, or of the board itself (`device` is "board")."""

    device: str
    terminal: str


@dataclass(frozen=True)
class Setting:
    key: str
    values: dict[str, str | int]  # by interpreter
    is_default: bool


@dataclass(frozen=True)
class Wire:
    first: End
    last: End
    colour: str
    option: str | None  # the group that may be left out; None: needed
    sheet: str | None  # the drawing it is on; None: the first
    setting: Setting | None


@dataclass(frozen=True)
class Board:
    name: str
    terminals: dict[str, str]  # its terminals in use, in order of first use: label by terminal
    wires: tuple[Wire, ...]
    onboard: tuple[Setting, ...]

    def settings(self) -> list[tuple[Setting, str | None]]:
        """Each setting with the option that needs it, by the wires; what the board has on it comes last."""
        wired = [(wire.setting, wire.option) for wire in self.wires if wire.setting is not None]
        return wired + [(setting, None) for setting in self.onboard]


@dataclass(frozen=True)
class Pins:
    options: dict[str, Option]
    devices: dict[str, Device]
    boards: dict[str, Board]


def read_pins(source: Path = SOURCE) -> Pins:
    """PinsError: a wire with an end that is not there, a pin with two settings, an unknown option."""
    tree = tomllib.loads(source.read_text(encoding="utf-8"))
    devices = {
        key: Device(device["name"], device["type"], tuple(device["terminals"]))
        for key, device in tree["devices"].items()
    }
    options = {key: Option(option["name"], option["settings"]) for key, option in tree["options"].items()}
    boards = {key: _board(board, devices, options) for key, board in tree["boards"].items()}
    return Pins(options, devices, boards)


def _board(tree: dict[str, Any], devices: dict[str, Device], options: dict[str, Option]) -> Board:
    terminals: dict[str, str] = {}
    wires: list[Wire] = []
    for entry in tree["wires"]:
        wire = _wire(entry, devices, options)
        if "at" in entry:
            label = entry.get("label", "")
            if terminals.setdefault(entry["at"], label) != label:
                raise PinsError(f"terminal {entry['at']} has two labels: {entry}")
        wires.append(wire)
    onboard = tuple(setting for setting in map(_setting, tree["onboard"]) if setting is not None)
    _refuse_two_uses(wires)
    return Board(tree["name"], terminals, tuple(wires), onboard)


def _wire(entry: dict[str, Any], devices: dict[str, Device], options: dict[str, Option]) -> Wire:
    option = entry.get("option")
    if option is not None and option not in options:
        raise PinsError(f"no such option: {entry}")
    first = End("board", entry["at"]) if "at" in entry else _end(entry["from"], devices, entry)
    last = _end(entry["to"], devices, entry)
    return Wire(first, last, entry["colour"], option, option or entry.get("sheet"), _setting(entry))


def _end(text: str, devices: dict[str, Device], entry: dict[str, Any]) -> End:
    device, _, terminal = text.partition(".")
    if device not in devices or terminal not in devices[device].terminals:
        raise PinsError(f"no such terminal: {text} in {entry}")
    return End(device, terminal)


def _setting(entry: dict[str, Any]) -> Setting | None:
    if "setting" not in entry:
        return None
    values = {name: entry[name] for name in INTERPRETERS if name in entry}
    if not values:
        raise PinsError(f"a setting without a value: {entry}")
    return Setting(entry["setting"], values, entry.get("default", False))


def _refuse_two_uses(wires: list[Wire]) -> None:
    """A pin that a setting names carries one signal; only buses (same key) and supplies are shared."""
    keys: dict[End, str] = {}
    for wire in wires:
        if wire.setting is not None and keys.setdefault(wire.first, wire.setting.key) != wire.setting.key:
            raise PinsError(f"{wire.first.terminal} has two settings: {keys[wire.first]}, {wire.setting.key}")
