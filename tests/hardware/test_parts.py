"""The parts list can be ordered from: every board is complete, prices are dated, nothing stands there twice."""

import csv
from pathlib import Path

import pytest

from making.pins import read_pins

FILE = Path(__file__).parents[2] / "hardware" / "parts.csv"
with FILE.open(newline="", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
PINS = read_pins()
IDS = [f"{row['board']}: {row['part']}" for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_row_is_complete(row: dict[str, str]) -> None:
    assert None not in row, "a comma too many"
    assert row["board"] == "all" or row["board"] in PINS.boards
    need, _, option = row["need"].partition(" ")
    assert need == "needed" or (need == "option" and option in PINS.options)
    assert all(row[name] for name in ("part", "maker", "purpose", "source"))
    assert int(row["quantity"]) > 0
    assert not row["mass_g"] or float(row["mass_g"]) > 0


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_price_has_a_currency_and_a_date(row: dict[str, str]) -> None:
    assert bool(row["price"]) == bool(row["currency"]) == bool(row["price_date"])


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_part_number_is_verified_or_says_that_it_is_not(row: dict[str, str]) -> None:
    assert row["verified"] in (("yes", "unverified") if row["part_number"] else ("no number",))


def test_nothing_stands_there_twice() -> None:
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("board", PINS.boards)
def test_every_board_can_be_built(board: str) -> None:
    purposes = " ".join(
        row["purpose"] for row in ROWS if row["board"] in (board, "all") and row["need"] == "needed"
    )
    assert all(word in purposes for word in ("motion sensor", "board", "supply", "wiring"))


@pytest.mark.parametrize("device", PINS.devices)
def test_every_device_that_is_wired_is_in_the_list(device: str) -> None:
    kind = PINS.devices[device].type
    known = {row["part_number"] for row in ROWS} - {""}
    words = " ".join(row["part"] for row in ROWS)
    named = any(number in kind for number in known)
    generic = {"cell": "LiPo", "divider": "100 kOhm", "motor": "NPN", "lamp": "LED", "supply": "power bank"}
    assert named or generic[device] in words
