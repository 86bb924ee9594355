"""The power budget in hardware/README.md is what power.toml makes."""

import pytest

from making import power, readme

POWER = power.read_power()
STATES = {
    f"{name}: {state['name']}": state for name, board in POWER["boards"].items() for state in board["states"]
}


def test_the_tables_are_made_of_the_figures() -> None:
    assert readme.held("power") == power.tables(POWER)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_every_figure_has_its_source(state: dict[str, object]) -> None:
    assert state["source"]
    assert state.get("bound") in (None, "least", "most")
    assert state["sensor"] in POWER["sensor"]


def test_a_switching_regulator_draws_the_same_power_from_the_cell() -> None:
    given = {"cell": {"volts": 3.7}, "sensor": {"awake": 0.0}}
    state = {"ma": 37.0, "volts": 5.0, "sensor": "awake"}
    assert power.from_cell_ma(given, "switching", state) == pytest.approx(50.0)
    assert power.from_cell_ma(given, "linear", state) == pytest.approx(37.0)


def test_a_day_adds_up_to_24_hours() -> None:
    given = POWER | {"sensor": {"awake": 0.0, "asleep": 0.0}}
    states = [{"use": use, "ma": 1.0, "volts": 3.7, "sensor": "awake"} for use in power.USES]
    parts = power.day_mah(given, {"regulator": "linear", "states": states}, states[-1])
    assert parts is not None
    assert sum(parts.values()) == pytest.approx(24.0)


def test_a_board_with_an_unknown_state_has_no_day() -> None:
    states = [{"use": "run", "ma": 1.0, "volts": 3.7, "sensor": "awake"}]
    assert power.day_mah(POWER, {"regulator": "linear", "states": states}, states[0]) is None
