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


# What an interpreter's board is made of; a port's PINS have the middle of the settings' names as keys.
BOARD_FILES = {
    "circuitpython": ("on_circuitpython.py",),
    "micropython": ("on_micropython.py", "port_rp2.py", "port_esp32.py"),
    "linux": ("on_linux.py",),
}


def taken_pins(source: str) -> dict[str, set[str | int]]:
    """What a board's source gives for a setting: in a dict of defaults, or as the default of a look-up."""
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            pairs += zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Call) and len(node.args) == 2:
            pairs.append((node.args[0], node.args[1]))
    found: dict[str, set[str | int]] = {}
    for key, value in pairs:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            constants = {node.value for node in ast.walk(value) if isinstance(node, ast.Constant)}
            known = {value for value in constants if type(value) in (str, int) and value != ""}
            found.setdefault(key.value, set()).update(known)
    return found


def wired_pins(interpreter: str) -> tuple[dict[str, set[str | int]], dict[str, set[str | int]]]:
    """By setting, over all boards: the values that are wired so, and of these the defaults."""
    wired: dict[str, set[str | int]] = {}
    defaults: dict[str, set[str | int]] = {}
    for board in PINS.boards.values():
        for setting, _ in board.settings():
            if interpreter in setting.values and setting.key not in NOT_PINS:
                wired.setdefault(setting.key, set()).add(setting.values[interpreter])
                if setting.is_default:
                    defaults.setdefault(setting.key, set()).add(setting.values[interpreter])
    return wired, defaults


@pytest.mark.parametrize("interpreter", BOARD_FILES)
def test_the_firmware_takes_the_same_pins(interpreter: str) -> None:
    """Every pin that a board takes by itself is one that is wired so, and every default is taken."""
    files = [BOARDS / name for name in BOARD_FILES[interpreter]]
    source = "\n".join(file.read_text() for file in files if file.is_file())
    if not re.search(r"_(PIN|LINE)\b", source):
        pytest.skip(f"no board of {interpreter} names a pin yet")
    taken = taken_pins(source)
    wired, defaults = wired_pins(interpreter)
    for key, values in wired.items():
        short = key.removeprefix("STRIDELOAD_").removesuffix("_PIN").removesuffix("_LINE")
        assert re.search(rf"{key}\b|_{short.split('_')[-1]}_(PIN|LINE)\b|[\"']{short}[\"']", source), key
        by_itself = taken.get(key, set()) | taken.get(short, set())
        assert by_itself <= values, key
        assert defaults.get(key, set()) <= by_itself, key
