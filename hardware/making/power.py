"""power.toml -> the tables of current and battery life in hardware/README.md."""

import tomllib
from pathlib import Path
from typing import Any

from making.readme import put

SOURCE = Path(__file__).parents[1] / "power.toml"
USES = ("run", "sync", "asleep")
RAIL_V = 3.3  # what each board feeds sensor and card with


def read_power() -> dict[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def from_cell_ma(power: dict[str, Any], regulator: str, state: dict[str, Any]) -> float:
    """Current out of the cell; for a board on a USB supply, out of that at 5 V."""
    beside_ma = power["sensor"][state["sensor"]] + (power["card"]["ma"] if state.get("card") else 0)
    if regulator == "switching":
        return (state["ma"] * state["volts"] + beside_ma * RAIL_V) / power["cell"]["volts"]
    return state["ma"] + beside_ma


def hours(power: dict[str, Any], ma: float) -> float:
    """How long the cell lasts at that current."""
    return power["cell"]["mah"] * power["use"]["usable"] / ma


def day_mah(power: dict[str, Any], board: dict[str, Any], asleep: dict[str, Any]) -> dict[str, float] | None:
    """Charge of a day by what it goes into, with that way of sleeping; None: a state of it is not known."""
    states = {state["use"]: state for state in board["states"] if "use" in state} | {"asleep": asleep}
    if set(states) != set(USES):
        return None
    run_h, sync_h = power["use"]["run_h"], power["use"]["sync_min"] / 60
    spent_h = {"run": run_h, "sync": sync_h, "asleep": 24 - run_h - sync_h}
    return {use: from_cell_ma(power, board["regulator"], states[use]) * spent_h[use] for use in USES}


def tables(power: dict[str, Any]) -> str:
    """Markdown: each state, then a day of use."""
    return "\n".join([*_states(power), "", *_days(power)]) + "\n"


def _states(power: dict[str, Any]) -> list[str]:
    rows = [
        f"| board | state | from the cell | {power['cell']['mah']} mAh last | source |",
        "|---|---|---|---|---|",
    ]
    for board in power["boards"].values():
        is_usb = board["regulator"] == "usb"
        for state in board["states"]:
            ma = from_cell_ma(power, board["regulator"], state)
            current = f"{_bound(state, 'current')}{ma:.3g} mA" + (" at 5 V" if is_usb else "")
            lasts = "-" if is_usb else _bound(state, "life") + _span(hours(power, ma))
            rows.append(f"| {board['name']} | {state['name']} | {current} | {lasts} | {state['source']} |")
    return rows


def _days(power: dict[str, Any]) -> list[str]:
    run_h, sync_min = power["use"]["run_h"], power["use"]["sync_min"]
    head = (
        f"{run_h:g} h of running | {sync_min:g} min of Wi-Fi | the rest of the day | in all | a charge lasts"
    )
    rows = [f"| board | how it sleeps | {head} |", "|---|---|---|---|---|---|---|"]
    for board in power["boards"].values():
        for state in board["states"]:
            if state.get("use") != "asleep" or (parts := day_mah(power, board, state)) is None:
                continue
            whole = sum(parts.values())
            mah = " | ".join(f"{parts[use]:.3g} mAh" for use in USES)
            # One state whose current is a least bound makes the whole day one.
            bound = next((s for s in (*_used(board), state) if s.get("bound") == "least"), {})
            in_all = f"{_bound(bound, 'current')}{whole:.3g} mAh"
            lasts = _bound(bound, "life") + _span(24 * hours(power, whole))
            rows.append(f"| {board['name']} | {state['name']} | {mah} | {in_all} | {lasts} |")
    return rows


def _used(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [state for state in board["states"] if state.get("use") in ("run", "sync")]


def _bound(state: dict[str, Any], what: str) -> str:
    """A current that is a least bound makes a life that is a most bound."""
    words = {"least": {"current": "over ", "life": "under "}, "most": {"current": "under ", "life": "over "}}
    return words[state["bound"]][what] if "bound" in state else ""


def _span(hours_: float) -> str:
    return f"{hours_:.1f} h" if hours_ < 48 else f"{hours_ / 24:.1f} days"


def make() -> None:
    put("power", tables(read_power()))
