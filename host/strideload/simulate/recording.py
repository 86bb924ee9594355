"""A recording of the simulated runner as a file, with the truth of every contact."""

import csv
from pathlib import Path

import numpy as np

from strideload.errors import StrideloadError
from strideload.progress import Advance
from strideload.simulate.plan import parse_plan
from strideload.simulate.runner import Run, Runner

PLAN = "stand:0.5,walk:1@5.5,run:5@10,walk:1@5,stand:0.5"
CSV_COLUMNS = ("t_s", "acc_x_g", "acc_y_g", "acc_z_g", "gyro_x_dps", "gyro_y_dps", "gyro_z_dps")


def write(file: Path, plan: str, rate_hz: float, seed: int, advance: Advance) -> str:
    """Write .npz (with `ic_s`, `to_s`, `peak_g` of this foot) or .csv -> a sentence. StrideloadError."""
    try:
        run = Runner(seed).session(parse_plan(plan))
    except ValueError as error:
        raise StrideloadError(f"{error} (minutes and km/h).") from error
    t_s = np.arange(round(run.duration_s * rate_hz)) / rate_hz
    values = run.source(t_s)
    try:
        if file.suffix == ".npz":
            _write_npz(file, t_s, values, run)
        elif file.suffix == ".csv":
            _write_csv(file, t_s, values, advance)
        else:
            raise StrideloadError(f"{file}: a recording is written as .npz or .csv.")
    except OSError as error:
        raise StrideloadError(f"{file}: {error.strerror}.") from error
    return f"{file}: {run.duration_s / 60:.1f} min at {rate_hz:g} Hz, {len(run.ic_s)} contacts of one foot. Simulated."


def _write_npz(file: Path, t_s: np.ndarray, values: np.ndarray, run: Run) -> None:
    np.savez_compressed(
        file,
        t_s=t_s,
        acc_g=values[:, :3].astype(np.float32),
        gyro_dps=values[:, 3:].astype(np.float32),
        ic_s=run.ic_s,
        to_s=run.to_s,
        peak_g=run.peak_g,
    )


def _write_csv(file: Path, t_s: np.ndarray, values: np.ndarray, advance: Advance) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(CSV_COLUMNS)
        for number, (at_s, row) in enumerate(zip(t_s.tolist(), values.tolist(), strict=True)):
            if number % 1000 == 0:
                advance(number / len(t_s))
            writer.writerow([f"{at_s:.6f}", *(f"{value:.5f}" for value in row)])
