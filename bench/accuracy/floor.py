"""The quick subset that the tests hold the detector to: `floor.json` is what was reached, and no figure may fall
below it.

`./run bench accuracy --record-floor` writes it anew. Ties: a figure may be worse by `MARGIN`, one stride in a set or
a rounding of another processor; nothing is left for luck, since everything here is the same on every run.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from . import real, simulated, table
from .detection import Chip, detect_interpreted
from .figures import Row

FILE = Path(__file__).with_name("floor.json")
RATE_HZ = 208
RUNNERS = (101, 102, 103)
KEYS = ("set", "mounting", "rate_hz", "gyro")

# Figure -> (1: more is better, -1: less is better, 0: nearer to nothing is better; what a tie may be off).
MARGIN = {
    "f1_25ms": (1, 0.002),
    "f1_50ms": (1, 0.002),
    "ic_bias_ms": (0, 0.2),
    "ic_within_sd_ms": (-1, 0.2),
    "ic_within_robust_sd_ms": (-1, 0.2),
    "to_bias_ms": (0, 0.5),
    "to_within_robust_sd_ms": (-1, 0.5),
    "contact_bias_ms": (0, 0.5),
    "peak_bias_pct": (0, 0.2),
    "cadence_error_pct": (-1, 0.02),
    "cadence_within_1pct": (1, 0.01),
    "cadence_within_2pct": (1, 0.01),
    "cadence_without_steps": (-1, 0),
    "kind_right": (1, 0.005),
    "false_per_hour": (-1, 0.1),
}
_QUICK = {
    "running, 8 to 20 km/h": [
        ("stand", 4, 0),
        *(("run", 14, kmh) for kmh in (8, 12, 16, 20)),
        ("stand", 3, 0),
    ],
    "running with turns and stops": [
        ("stand", 4, 0),
        ("walk", 10, 5.5),
        ("run", 30, 11, simulated.Way(turn_every_m=40)),
        ("stand", 5, 0),
        ("run", 15, 10),
        ("stand", 3, 0),
    ],
    "walking, 3 to 7 km/h": [("stand", 4, 0), *(("walk", 18, kmh) for kmh in (3, 5, 7)), ("stand", 3, 0)],
    "walking with turns": [
        ("stand", 4, 0),
        ("walk", 45, 4.5, simulated.Way(turn_every_m=10)),
        ("stand", 3, 0),
    ],
}


def simulated_rows() -> Iterator[Row]:
    """About a minute each of three people, at one rate, and half a minute of each activity without a step."""
    for name, plan in _QUICK.items():
        taken = [simulated.take(plan, RATE_HZ, seed) for seed in RUNNERS]
        for gyro in (simulated.GYRO_UDPS_LSB, 0):
            yield simulated.scored(f"{name}, quick", taken, Chip(RATE_HZ, 976, gyro), detect_interpreted)
    for row in simulated.without_steps(104, (201,), 60.0, detect_interpreted):
        if "peer" not in row:
            yield {**row, "set": f"{row['set']}, quick"}


def real_rows(folder: Path) -> Iterator[Row]:
    """The real recordings, as they are mounted."""
    return (row for row in real.rows(folder, detect_interpreted, mountings=0) if "peer" not in row)


def key(row: Row) -> str:
    return ", ".join(f"{name} {row[name]}" for name in KEYS if name in row)


def recorded() -> dict[str, Row]:
    return {key(row): row for row in json.loads(FILE.read_text())["rows"]}


def record(folder: Path | None) -> None:
    """Write the file anew; without the recordings their rows stay as they were."""
    rows = [*simulated_rows()]
    if folder is None and FILE.exists():
        rows += [row for row in recorded().values() if str(row["set"]).startswith("real")]
    elif folder is not None:
        rows += [row for row in real_rows(folder) if str(row["set"]).startswith("real")]
    kept = [{name: row[name] for name in (*KEYS, *MARGIN) if name in row} for row in rows]
    FILE.write_text(table.to_json(kept))


def fallen(row: Row, before: Row) -> list[str]:
    """What is worse than recorded, in words."""
    out: list[str] = []
    for name, (sense, margin) in MARGIN.items():
        old, new = before.get(name), row.get(name)
        if old is None:
            continue
        if new is None:
            out.append(f"{name}: was {old}, and there is none now")
            continue
        worse = abs(float(new)) - abs(float(old)) if sense == 0 else sense * (float(old) - float(new))
        if worse > margin:
            out.append(f"{name}: was {old}, is {float(new):.6g}")
    return out
