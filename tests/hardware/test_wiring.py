"""The wiring that is checked in is what pins.toml says, and the firmware takes the same pins."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from making import wiring
from making.pins import PinsError, read_pins
from support import tools

ROOT = Path(__file__).parents[2]
BOARDS = ROOT / "firmware" / "strideload_pod" / "boards"
PINS = read_pins()
SOURCES = wiring.sources(PINS)
DRAWN = sorted(name for name in SOURCES if name.endswith(".yaml"))
# Of a bus, a number that is no pin.
NOT_PINS = {"STRIDELOAD_I2C_BUS"}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_is_checked_in_is_made_of_the_pins(name: str) -> None:
    assert (wiring.FOLDER / name).read_text() == SOURCES[name]


def test_nothing_is_left_over() -> None:
    made = set(SOURCES) | {str(Path(name).with_suffix(".svg")) for name in DRAWN}
    assert {file.name for file in wiring.FOLDER.iterdir()} == made


def words(drawing: str) -> list[str]:
    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", drawing))


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_shows_what_its_source_says(name: str) -> None:
    """By its words: another version of graphviz may lay the same drawing out otherwise."""
    tools.program("dot")
    checked_in = (wiring.FOLDER / name).with_suffix(".svg").read_text()
    assert words(checked_in) == words(wiring.to_svg(SOURCES[name]))


@pytest.mark.parametrize("name", DRAWN)
def test_every_terminal_that_is_shown_is_wired(name: str) -> None:
    tree = yaml.safe_load(SOURCES[name])
    wired = {
        (device, terminal)
        for connection in tree["connections"]
        for part in (connection[0], connection[2])
        for device, terminals in part.items()
        for terminal in terminals
    }
    shown = {(name, pin) for name, entry in tree["connectors"].items() for pin in entry["pins"]}
    assert wired == shown


@pytest.mark.parametrize("board", PINS.boards)
def test_the_sensor_of_every_board_has_supply_bus_and_interrupt(board: str) -> None:
    needed = {wire.last.terminal for wire in PINS.boards[board].wires if wire.last.device == "imu"}
    assert needed == set(PINS.devices["imu"].terminals)
    assert all(wire.option is None for wire in PINS.boards[board].wires if wire.last.device == "imu")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('to = "imu.VIN"', 'to = "imu.VCC"', "no such terminal"),
        ('option = "cue"', 'option = "clue"', "no such option"),
        ('at = "9", label = "GP6"', 'at = "7", label = "GP5"', "two settings"),
        ('at = "8", label = "GND"', 'at = "8", label = "GP6"', "two labels"),
    ],
    ids=["device's terminal", "option", "a pin used twice", "a terminal named twice"],
)
def test_wires_that_make_no_sense_are_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = (ROOT / "hardware" / "pins.toml").read_text()
    assert old in text
    broken = tmp_path / "pins.toml"
    broken.write_text(text.replace(old, new, 1))
    with pytest.raises(PinsError, match=complaint):
        read_pins(broken)


@pytest.mark.parametrize("option", PINS.options)
def test_an_option_sets_what_the_pod_knows(option: str) -> None:
    known = re.findall(r"^\| `(STRIDELOAD_\w+)`", (ROOT / "docs" / "pod.md").read_text(), re.M)
    assert PINS.options[option].settings.keys() <= set(known)


def literals(source: str) -> dict[str, set[str | int]]:
    """What a board's source gives beside a key: in a dict of defaults, or as the default of a look-up."""
    found: dict[str, set[str | int]] = {}
    for node in ast.walk(ast.parse(source)):
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        if isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
        elif isinstance(node, ast.Call) and len(node.args) == 2:
            pairs = [(node.args[0], node.args[1])]
        for key, value in pairs:
            if isinstance(key, ast.Constant) and str(key.value).startswith("STRIDELOAD_"):
                constants = {n.value for n in ast.walk(value) if isinstance(n, ast.Constant)}
                found.setdefault(str(key.value), set()).update(
                    value for value in constants if type(value) in (str, int) and value != ""
                )
    return found


@pytest.mark.parametrize("interpreter", ["circuitpython", "micropython", "linux"])
def test_the_firmware_takes_the_same_pins(interpreter: str) -> None:
    """Every pin that a board's file takes by itself is one that is wired so, and every default is taken."""
    file = BOARDS / f"on_{interpreter}.py"
    if not file.is_file():
        pytest.skip(f"there is no {file.name} yet")
    source = file.read_text()
    wired: dict[str, set[str | int]] = {}
    defaults: dict[str, set[str | int]] = {}
    for board in PINS.boards.values():
        for setting, _ in board.settings():
            if interpreter in setting.values:
                wired.setdefault(setting.key, set()).add(setting.values[interpreter])
                if setting.is_default:
                    defaults.setdefault(setting.key, set()).add(setting.values[interpreter])
    named = set(re.findall(r"STRIDELOAD_[A-Z0-9_]+_(?:PIN|LINE)\b", source))
    if not named:
        pytest.skip(f"{file.name} names no pin yet")
    taken = literals(source)
    for key in wired.keys() - NOT_PINS:
        assert key in named, key
        assert taken.get(key, set()) <= wired[key], key
        assert defaults.get(key, set()) <= taken.get(key, set()), key
