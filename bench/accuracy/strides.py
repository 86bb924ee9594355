"""docs/pictures/strides.svg: strides of real recordings, with the contacts and toe-offs that the detector finds."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .detection import Chip, Steps, detect_compiled

Floats = NDArray[np.float64]

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "strides.svg"
SECONDS = 3.6
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 960, 150, 84, 34, 62
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333 } .small { font-size: 11px; fill: #666 }
.axis { stroke: #bbb } .acc { stroke: #0b5a8a; fill: none; stroke-width: 1.4 }
.turn { stroke: #b06000; fill: none; stroke-width: 1.1 } .ic { stroke: #111; stroke-width: 1.4 }
.to { stroke: #111; stroke-dasharray: 4 4 } .back { fill: #fff }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .small { fill: #aaa } .axis { stroke: #555 }
.acc { stroke: #6db8e8 } .turn { stroke: #e8a34a } .ic, .to { stroke: #eee } .back { fill: #111 } }
"""


class Panel(NamedTuple):
    """One recording's name, chip, sides of the vertical axes, and where it is looked at."""

    title: str
    file: str
    chip: Chip
    start_s: float
    most_g: float
    most_dps: float


PANELS = (
    Panel(
        "Walking, 100 Hz, with gyroscope (CyrilVoisard/ipol_dataset_1, AGPL-3.0, subject 14, right)",
        "walk_subject14_right_100hz.npz",
        Chip(100.0, 976, 70_000),
        5.6,
        8.0,
        450.0,
    ),
    Panel(
        "Running, LSM6DS3 over Bluetooth, about 89 Hz, with gyroscope (fuzzylabs/wearable-my-foot, Apache-2.0)",
        "run_lsm6ds3_shoe_89hz.npz",
        Chip(104.0, 488, 70_000),
        40.0,
        20.0,
        800.0,
    ),
    Panel(
        "Running outdoors, 100 Hz, +-8 g, acceleration alone (adeptdata, GPL-3)",
        "run_outdoor_shoe_100hz.npz",
        Chip(100.0, 244, 0),
        640.0,
        12.0,
        0.0,
    ),
)


def write(folder: Path) -> None:
    """The picture anew. OSError: a recording is not in the folder."""
    parts = [part for number, panel in enumerate(PANELS) for part in _drawn(panel, number, folder)]
    height = len(PANELS) * (_HEIGHT + _GAP) + 26
    PICTURE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">\n'
        f"<title>Strides of three recordings with detected contacts and toe-offs</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="back" width="{_WIDTH}" height="{height}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _drawn(panel: Panel, number: int, folder: Path) -> Iterator[str]:
    top = number * (_HEIGHT + _GAP) + _TOP
    values, steps = _found(panel, folder)
    t_s = np.arange(len(values)) / panel.chip.rate_hz - panel.start_s
    here = (t_s >= 0) & (t_s <= SECONDS)
    zero = top + _HEIGHT * (0.62 if panel.most_dps else 1.0)

    def x(at_s: float) -> float:
        return _LEFT + at_s / SECONDS * (_WIDTH - _LEFT - 16)

    yield f'<text x="{_LEFT}" y="{top - 12}">{panel.title}</text>'
    yield f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - 16}" y1="{zero:.1f}" y2="{zero:.1f}"/>'
    for second in range(int(SECONDS) + 1):
        yield f'<text class="small" x="{x(second):.1f}" y="{top + _HEIGHT + 16}">{second} s</text>'
    if panel.most_dps:
        turn = _about_main_axis(values[:, 3:])[here]
        yield _line("turn", [x(t) for t in t_s[here]], zero - turn / panel.most_dps * 0.36 * _HEIGHT)
        yield f'<text class="small" x="4" y="{top + _HEIGHT - 4}">+-{panel.most_dps:g} deg/s</text>'
    length = np.linalg.norm(values[here, :3], axis=1)
    yield _line("acc", [x(t) for t in t_s[here]], zero - length / panel.most_g * (zero - top))
    yield f'<text class="small" x="4" y="{top + 10}">{panel.most_g:g} g</text>'
    yield f'<text class="small" x="4" y="{zero:.1f}">0</text>'
    for ic_s, contact_s in zip(steps.ic_s - panel.start_s, steps.contact_s, strict=True):
        for kind, at_s in (("ic", ic_s), ("to", ic_s + contact_s)):
            if 0 <= at_s <= SECONDS:
                yield f'<line class="{kind}" x1="{x(at_s):.1f}" x2="{x(at_s):.1f}" y1="{top}" y2="{top + _HEIGHT}"/>'


def _found(panel: Panel, folder: Path) -> tuple[Floats, Steps]:
    """(g and deg/s at the chip's even rate, what the detector finds in them)."""
    run = np.load(folder / panel.file)
    columns = [run["acc_g"], *([run["gyro_dps"]] if panel.chip.gyro_udps_lsb else [])]
    t_s = np.arange(run["t_s"][0], run["t_s"][-1], 1 / panel.chip.rate_hz)
    values = np.stack([np.interp(t_s, run["t_s"], c) for c in np.concatenate(columns, axis=1).T], axis=1)
    return values, detect_compiled(values, panel.chip)


def _about_main_axis(gyro_dps: Floats) -> Floats:
    """Rotation about the axis that has most of it, the swing positive or negative as it comes."""
    return gyro_dps @ np.linalg.eigh(gyro_dps.T @ gyro_dps)[1][:, -1]


def _line(kind: str, x: list[float], y: Floats) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline class="{kind}" points="{points}"/>'
