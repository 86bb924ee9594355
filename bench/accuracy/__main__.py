"""`./run bench accuracy`: prints the table; `--document` writes it into docs/validation.md and table.json as well."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from strideload_pod import detector

from . import document, floor, likeness, real, simulated, strides, table
from .figures import Row


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./run bench accuracy", description="How well the detector finds steps, as one table."
    )
    parser.add_argument("--quick", action="store_true", help="two rates and three simulated runners only")
    parser.add_argument(
        "--document", action="store_true", help="write docs/validation.md and table.json anew"
    )
    parser.add_argument("--record-floor", action="store_true", help="write what the tests hold it to anew")
    parser.add_argument(
        "--likeness", action="store_true", help="hold the simulated runner against the recordings"
    )
    parser.add_argument("--strides", action="store_true", help="draw docs/pictures/strides.svg anew")
    words = parser.parse_args()
    folder = recordings()
    if words.record_floor:
        floor.record(folder)
        return 0
    if words.likeness or words.strides:
        if folder is None:
            parser.error("STRIDELOAD_RECORDINGS names no folder of recordings")
        if words.likeness:
            print(likeness.markdown(folder))
        if words.strides:
            strides.write(folder)
        return 0
    began = time.monotonic()
    rows = [*told(every_row(folder, words.quick))]
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "detector": detector.DETECTOR_VERSION,
        "seconds": round(time.monotonic() - began),
    }
    print(table.text(rows))
    print("\n" + ", ".join(f"{name} {value}" for name, value in about.items()))
    if words.document:
        document.write(rows, likeness.markdown(folder) if folder else None, about)
    return 0


def recordings() -> Path | None:
    """The folder that STRIDELOAD_RECORDINGS names; None without it."""
    named = os.environ.get("STRIDELOAD_RECORDINGS")
    return Path(named) if named and Path(named).is_dir() else None


def every_row(folder: Path | None, quick: bool) -> Iterator[Row]:
    if folder is None:
        yield {"set": "all real recordings", "skipped": "STRIDELOAD_RECORDINGS names no folder"}
    else:
        yield from real.rows(folder)
    if quick:
        yield from simulated.rows((104, 416), simulated.RUNNERS[:3])
    else:
        yield from simulated.rows()


def told(rows: Iterator[Row]) -> Iterator[Row]:
    """The same, with a word of how far it is."""
    for number, row in enumerate(rows, 1):
        print(f"\r{number} rows, {row['set']:<80.80}", end="", file=sys.stderr, flush=True)
        yield row
    print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
