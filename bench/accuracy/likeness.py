"""The simulated runner held against the recordings: the same figures of both, at the same rate and full scale."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strideload.simulate.runner import Plan, Runner, Way

from .detection import Chip, detect_compiled
from .simulated import STRIKES

Floats = NDArray[np.float64]

RATE_HZ = 100
PERCENTILES = (5, 50, 95)
_PEOPLE = range(301, 317)
_WALK: Plan = [("stand", 3, 0), ("walk", 18, 4.5, Way(turn_every_m=10)), ("stand", 3, 0)]
_RUN: Plan = [("stand", 3, 0), ("run", 100, 10.5, Way(turn_every_m=150)), ("stand", 3, 0)]


class Recorded(NamedTuple):
    """One foot at 100 Hz: g (n, 3), deg/s (n, 3) or None, contacts and toe-offs in s."""

    acc_g: Floats
    gyro_dps: Floats | None
    ic_s: Floats
    to_s: Floats


def figures(recorded: Sequence[Recorded]) -> dict[str, Floats]:
    """Values of all strides (or of all samples in them) by name."""
    out: dict[str, list[float]] = {}

    def note(name: str, *values: float) -> None:
        out.setdefault(name, []).extend(values)

    for one in recorded:
        length = np.linalg.norm(one.acc_g, axis=1)
        t_s = np.arange(len(length)) / RATE_HZ
        turning = None if one.gyro_dps is None else np.linalg.norm(one.gyro_dps, axis=1)
        for ic_s, next_s in zip(one.ic_s[:-1], one.ic_s[1:], strict=True):
            stride = (t_s >= ic_s) & (t_s < next_s)
            if not 0.45 < next_s - ic_s < 1.9 or stride.sum() < 0.9 * RATE_HZ * (next_s - ic_s):
                continue
            part = length[stride]
            share = (t_s[stride] - ic_s) / (next_s - ic_s)
            note("stride time, s", next_s - ic_s)
            left = one.to_s[(one.to_s > ic_s) & (one.to_s < next_s)]
            if len(left):
                note("contact, share of the stride", (left[0] - ic_s) / (next_s - ic_s))
            note("peak of the landing, g", length[(t_s >= ic_s - 0.03) & (t_s < ic_s + 0.1)].max())
            note("mean distance of the acceleration's length from 1 g, g", float(np.mean(np.abs(part - 1))))
            note("least length of acceleration in swing, g", part[share > 0.55].min())
            note("change of that length in 10 ms, g", *np.abs(np.diff(part)).tolist())
            if turning is not None and one.gyro_dps is not None:
                note("greatest rotation, deg/s", turning[stride].max())
                square = one.gyro_dps[stride].T @ one.gyro_dps[stride]
                least, middle, most = np.linalg.eigvalsh(square)
                note("rotation outside its main axis, share", (least + middle) / (least + middle + most))
    return {name: np.array(values) for name, values in out.items()}


def walks(folder: Path) -> list[Recorded]:
    """Without subject 16, whose truth lies elsewhere in half of it."""
    found: list[Recorded] = []
    for file in sorted(folder.glob("walk_subject*.npz")):
        if not file.name.startswith("walk_subject16"):
            walk = np.load(file)
            start_s = walk["t_s"][0]
            ic_s, to_s = np.sort(walk["ic_s"]) - start_s, np.sort(walk["swing_start_s"]) - start_s
            found.append(Recorded(walk["acc_g"], walk["gyro_dps"], ic_s, to_s))
    return found


def runs(folder: Path, name: str, range_g: int) -> list[Recorded]:
    """A run without true contacts: those that the detector finds; evenly at 100 Hz."""
    run = np.load(folder / name)
    t_s = np.arange(run["t_s"][0], run["t_s"][-1], 1 / RATE_HZ)
    acc_g, gyro_dps = (
        np.stack([np.interp(t_s, run["t_s"], column) for column in run[key].T], axis=1)
        if key in run
        else None
        for key in ("acc_g", "gyro_dps")
    )
    assert acc_g is not None
    found = detect_compiled(acc_g, Chip(RATE_HZ, 61 * range_g // 2, 0))
    return [Recorded(acc_g, gyro_dps, found.ic_s[found.kind == 2], np.empty(0))]


def simulated(plan: Plan, range_g: int) -> list[Recorded]:
    """Sixteen people, a third of each strike."""
    made: list[Recorded] = []
    for seed in _PEOPLE:
        run = Runner(seed, strike=STRIKES[seed % 3]).session(plan)
        values = run.source(np.arange(int(run.duration_s * RATE_HZ)) / RATE_HZ)
        clipped = np.clip(values[:, :3], -range_g, range_g)
        made.append(Recorded(clipped, values[:, 3:], run.ic_s, run.to_s[~np.isnan(run.to_s)]))
    return made


def markdown(folder: Path) -> str:
    """One table a kind of recording, with the 5th, 50th and 95th percentile of each figure."""
    pairs = [
        ("Walking: seven people, 10 m out, turn and back", walks(folder), simulated(_WALK, 16)),
        (
            "Running: the 25 minutes outdoors, +-8 g",
            runs(folder, "run_outdoor_shoe_100hz.npz", 8),
            simulated(_RUN, 8),
        ),
        (
            "Running: the 102 s over Bluetooth, +-16 g",
            runs(folder, "run_lsm6ds3_shoe_89hz.npz", 16),
            simulated(_RUN, 16),
        ),
    ]
    return "\n".join(_table(*pair) for pair in pairs)


def _table(heading: str, real: Sequence[Recorded], made: Sequence[Recorded]) -> str:
    one, other = figures(real), figures(made)
    lines = [
        f"### {heading}\n",
        "| figure | recorded: 5, 50, 95 % | simulated: 5, 50, 95 % |",
        "|---|---|---|",
    ]
    for name, values in one.items():
        told = [
            ", ".join(
                f"{value:.3g}" if value < 100 else f"{value:.0f}"
                for value in np.percentile(some, PERCENTILES)
            )
            for some in (values, other[name])
        ]
        lines.append(f"| {name} | {told[0]} | {told[1]} |")
    return "\n".join(lines) + "\n"
