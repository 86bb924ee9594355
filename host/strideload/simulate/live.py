"""A pod process without a board: `main.py` itself, in real time, on a simulated chip behind the real smbus2.

`python -m strideload.simulate.live FOLDER` is ended by SIGTERM, or by pulling its battery (kill -9). FOLDER holds
settings.toml and the log, as on a board.
"""

import argparse
import os
import runpy
import time
from importlib.resources import files
from pathlib import Path

import strideload_pod
from strideload.simulate.chip import Chip
from strideload.simulate.i2c_dev import i2c_dev
from strideload.simulate.plan import parse_plan
from strideload.simulate.pod import CHIP_ADDRESS
from strideload.simulate.runner import Runner
from strideload_pod.boards.on_linux import SETTINGS_NAME, read_settings
from strideload_pod.settings import DEFAULTS

# Longer than anyone watches; the runner stands still after it.
LIVE_PLAN = "stand:0.1,walk:0.5@5.5,run:600@10.4"


def main_py() -> Path:
    """The firmware's main.py: beside the package in a wheel, above it in a checkout."""
    package = Path(str(files(strideload_pod)))
    inside = package / "main.py"
    return inside if inside.exists() else package.parent / "main.py"


def run(folder: Path, seed: int, plan: str, day_seed: int) -> None:
    """Be the pod of that folder until SIGTERM."""
    session = Runner(seed).session(parse_plan(plan), day_seed)
    began_us = time.monotonic_ns() // 1000
    settings = {**DEFAULTS, **read_settings(folder / SETTINGS_NAME)}
    chip = Chip(
        str(settings["STRIDELOAD_CHIP"]),
        session.source,
        lambda: time.monotonic_ns() // 1000 - began_us,
        noise=True,
        seed=day_seed,
    )
    os.environ["STRIDELOAD_POD_DIR"] = str(folder)
    with i2c_dev({CHIP_ADDRESS: chip}):
        runpy.run_path(str(main_py()), run_name="__main__")


def main() -> None:
    os.umask(0o077)
    parser = argparse.ArgumentParser(description="A simulated pod in real time.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="which runner")
    parser.add_argument("--day", type=int, default=0, help="which day of that runner")
    parser.add_argument("--plan", default=LIVE_PLAN)
    words = parser.parse_args()
    run(words.folder, words.seed, words.plan, words.day)


if __name__ == "__main__":
    main()
