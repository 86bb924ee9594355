"""Reads recordings of a foot's IMU: .npz with `t_s`, `acc_g` and perhaps `gyro_dps`, or a table with named
columns.

Nothing is repaired in silence: what cannot be used is refused with its place, gaps are kept as gaps, and
where the sensor reached its end of scale is marked.
"""

import csv
import hashlib
import math
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BufferedReader, TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from strideload.errors import StrideloadError

Floats = NDArray[np.float64]

LARGEST_BYTES = 1_000_000_000  # ten hours at 1667 Hz with six axes, as text; read whole into memory
SHORTEST_S = 2.0
LONGEST_S = 48 * 3600.0
SLOWEST_HZ = 50.0  # an impact of 30 ms leaves no trace between slower samples
LARGEST_G = 100.0  # three times the widest range of the chips: more is another unit
LARGEST_DPS = 10_000.0
REST_G = 5.0  # the middle of a foot's accelerations lies near 1 g; in m/s² it would lie near 10
GAP_INTERVALS = 3  # more than so many sample intervals without a sample is a gap
FULL_SCALES_G = (2, 4, 8, 16, 32)
FULL_SCALE_NEAR = 0.001
CLIP_FLOOR_G = 1.9  # no chip has less than +-2 g
CLIP_BAND = 0.002  # the share below the greatest value that counts as at full scale
CLIP_SURROUNDINGS = 0.1  # and the share below it that is looked at for comparison
CLIP_FEWEST = 3

STANDARD_GRAVITY_M_S2 = 9.80665
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
ACC_UNITS = {"g": 1.0, "mg": 1e-3, "m_s2": 1 / STANDARD_GRAVITY_M_S2}
GYRO_UNITS = {"dps": 1.0, "mdps": 1e-3, "rad_s": 180 / math.pi}

# Column of a table -> place (0 time, 1..3 acceleration, 4..6 rotation) and factor to s, g and deg/s.
COLUMNS: dict[str, tuple[int, float]] = {
    **{f"{name}_{unit}": (0, f) for name in ("t", "time", "timestamp") for unit, f in TIME_UNITS.items()},
    **{f"acc_{axis}_{unit}": (1 + i, f) for i, axis in enumerate("xyz") for unit, f in ACC_UNITS.items()},
    **{f"gyro_{axis}_{unit}": (4 + i, f) for i, axis in enumerate("xyz") for unit, f in GYRO_UNITS.items()},
}
KNOWN_COLUMNS = (
    "t, time or timestamp with _s, _ms, _us or _ns; acc_x, acc_y and acc_z with _g, _mg or _m_s2; "
    "perhaps gyro_x, gyro_y and gyro_z with _dps, _mdps or _rad_s"
)
PLACES = ("time", "acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")


class RecordingError(StrideloadError):
    """A recording that cannot be used, and why, in a sentence."""


@dataclass(frozen=True)
class Recording:
    """Samples of one sensor in order of time, n of them."""

    t_s: Floats  # (n,) on the file's own clock
    acc_g: Floats  # (n, 3)
    gyro_dps: Floats | None  # (n, 3); None: not measured
    rate_hz: float  # mean over all but the gaps
    even: bool  # no sample lies more than an interval off an even clock, gaps apart
    clipped: NDArray[np.bool_]  # (n,) an axis is at the recording's own end of scale
    ceiling_g: float | None  # that end of scale; None: never reached
    sha256: str  # of the file, in hex; "" for arrays that were in no file
    resampled_from_hz: float | None = None
    ignored: tuple[str, ...] = ()  # columns or arrays of the file that were not used

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """(start, end) of each gap in seconds: the samples either side."""
        ends = _gap_ends(self.t_s)
        return list(zip(self.t_s[ends].tolist(), self.t_s[ends + 1].tolist(), strict=True))

    @property
    def segments(self) -> list[slice]:
        """The samples between gaps."""
        edges = [0, *(int(end) + 1 for end in _gap_ends(self.t_s)), len(self.t_s)]
        return [slice(a, b) for a, b in pairwise(edges)]


def read(path: Path | str) -> Recording:
    """The recording in a file. RecordingError."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            sha256 = _sha256(file)
            is_zip = file.read(2) == b"PK"
            file.seek(0)
            if is_zip or path.suffix.lower() == ".npz":
                arrays, ignored = _read_npz(file)
            else:
                arrays, ignored = _read_table(file)
        return from_arrays(*arrays, sha256=sha256, ignored=ignored)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror or error}.") from error
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None


def from_arrays(
    t_s: Floats,
    acc_g: Floats,
    gyro_dps: Floats | None = None,
    *,
    sha256: str = "",
    ignored: tuple[str, ...] = (),
) -> Recording:
    """A recording from arrays of shape (n,), (n, 3) and (n, 3), checked. RecordingError."""
    t_s, acc_g = np.asarray(t_s, np.float64), np.asarray(acc_g, np.float64)
    gyro_dps = None if gyro_dps is None else np.asarray(gyro_dps, np.float64)
    _check(t_s, acc_g, gyro_dps)
    intervals = np.diff(t_s)
    sampled = intervals[intervals <= GAP_INTERVALS * np.median(intervals)]
    rate_hz = float(len(sampled) / np.sum(sampled))
    if rate_hz < SLOWEST_HZ:
        raise RecordingError(f"it has {rate_hz:.3g} samples a second; at least {SLOWEST_HZ:.0f} are needed.")
    ceiling_g = _ceiling_g(acc_g)
    clipped = (
        np.zeros(len(t_s), np.bool_)
        if ceiling_g is None
        else np.max(np.abs(acc_g), axis=1) >= ceiling_g * (1 - CLIP_BAND)
    )
    recording = Recording(t_s, acc_g, gyro_dps, rate_hz, True, clipped, ceiling_g, sha256, None, ignored)
    return replace(recording, even=all(_is_even(t_s[part], rate_hz) for part in recording.segments))


def resample(recording: Recording, rate_hz: float) -> Recording:
    """The recording at an even rate, by straight lines between its samples; gaps stay gaps.

    A clipped sample keeps its value at the moment nearest to it, so that it is still seen as clipped.
    """
    grids = [_grid(recording.t_s[part], recording.t_s[0], rate_hz) for part in recording.segments]
    t_s = recording.t_s[0] + np.concatenate(grids) / rate_hz
    acc_g = _interpolate(t_s, recording.t_s, recording.acc_g)
    gyro_dps = None if recording.gyro_dps is None else _interpolate(t_s, recording.t_s, recording.gyro_dps)
    clipped = np.zeros(len(t_s), np.bool_)
    sources = np.flatnonzero(recording.clipped)
    nearest = _nearest(t_s, recording.t_s[sources])
    clipped[nearest] = True
    acc_g[nearest] = recording.acc_g[sources]
    return replace(
        recording,
        t_s=t_s,
        acc_g=acc_g,
        gyro_dps=gyro_dps,
        rate_hz=rate_hz,
        even=True,
        clipped=clipped,
        resampled_from_hz=recording.rate_hz,
    )


def signal(recording: Recording, rate_hz: float) -> Callable[[Floats], Floats]:
    """The recording as what moves a chip that samples at `rate_hz`: seconds since its first sample (m,) -> (m, 6), g
    and deg/s, zero rotation where none was measured.

    Straight lines between samples, gaps too. A clipped sample is held for one of the chip's intervals; where its end of
    scale is a chip's full scale it lies a hair beyond, so that the chip clips as the sensor did.
    """
    t_s = recording.t_s - recording.t_s[0]
    clips = np.flatnonzero(recording.clipped)
    ceiling_g = recording.ceiling_g or math.inf
    beyond = 1 + 2 * CLIP_BAND if _is_full_scale(ceiling_g, CLIP_BAND) else 1.0

    def at(moments_s: Floats) -> Floats:
        values = np.zeros((len(moments_s), 6))
        values[:, :3] = _interpolate(moments_s, t_s, recording.acc_g)
        if recording.gyro_dps is not None:
            values[:, 3:] = _interpolate(moments_s, t_s, recording.gyro_dps)
        if len(clips):
            nearest = clips[_nearest(t_s[clips], moments_s)]
            held = np.flatnonzero(np.abs(moments_s - t_s[nearest]) <= 0.5 / rate_hz)
            values[held, :3] = recording.acc_g[nearest[held]] * beyond
        return values

    return at


def _sha256(file: BufferedReader) -> str:
    size = file.seek(0, 2)
    if size == 0:
        raise RecordingError("the file is empty.")
    if size > LARGEST_BYTES:
        raise RecordingError(f"it has {size:,} bytes; {LARGEST_BYTES:,} are read at most. Cut it into parts.")
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


Arrays = tuple[Floats, Floats, Floats | None]


def _read_npz(file: BufferedReader) -> tuple[Arrays, tuple[str, ...]]:
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > LARGEST_BYTES:
            raise RecordingError(f"unpacked it has {unpacked:,} bytes; {LARGEST_BYTES:,} are read at most.")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            names = list(archive.files)
            arrays = {name: archive[name] for name in ("t_s", "acc_g", "gyro_dps") if name in names}
    except zipfile.BadZipFile:
        raise RecordingError("it is no zip archive, as an .npz file is, or a damaged one.") from None
    except (ValueError, EOFError, MemoryError, NotImplementedError, zlib.error) as error:
        raise RecordingError(f"its arrays cannot be read ({error}); pickled objects never are.") from None
    for name in ("t_s", "acc_g"):
        if name not in arrays:
            raise RecordingError(f"it has no array {name}, only {', '.join(names) or 'nothing'}.")
    for name, array in arrays.items():
        if getattr(array, "dtype", np.dtype(bytes)).kind not in "iuf":  # bytes, where a member is no array
            raise RecordingError(f"{name} holds no numbers.")
    ignored = tuple(name for name in names if name not in arrays)
    return (arrays["t_s"], arrays["acc_g"], arrays.get("gyro_dps")), ignored


def _read_table(file: BufferedReader) -> tuple[Arrays, tuple[str, ...]]:
    text = TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        first = text.readline()
        delimiter = max(",;\t", key=first.count)
        header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter))]
        chosen = _choose(header)
        places = sorted(chosen)
        used = [chosen[place][0] for place in places]
        values = _numbers(text, delimiter, used)
        if not values.size or not np.isfinite(values).all():
            text.seek(0)
            _refuse_first_bad_cell(text, delimiter, header, used)
    except (UnicodeDecodeError, csv.Error):
        raise RecordingError("it is no text in UTF-8. Tables are text, and .npz files end in .npz.") from None
    finally:
        text.detach()
    values = values * [chosen[place][1] for place in places]
    gyro_dps = values[:, 4:7] if len(places) == len(PLACES) else None
    return (values[:, 0], values[:, 1:4], gyro_dps), tuple(
        name for i, name in enumerate(header) if i not in used
    )


def _numbers(text: TextIOWrapper, delimiter: str, used: list[int]) -> Floats:
    """The rest of the table, (n, columns used); of shape (0, 0) where a cell is no number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # numpy's, that there is no row
        try:
            return np.loadtxt(
                text, np.float64, comments=None, delimiter=delimiter, usecols=used, quotechar='"', ndmin=2
            )
        except UnicodeDecodeError:
            raise
        except ValueError:
            return np.empty((0, 0))


def _choose(header: list[str]) -> dict[int, tuple[int, float]]:
    """Place -> (column, factor). RecordingError where one is missing, doubled or has no known unit."""
    chosen: dict[int, tuple[int, float]] = {}
    for column, name in enumerate(header):
        if name not in COLUMNS:
            if name.startswith(("acc", "gyr")):
                raise RecordingError(f"there is no column {name!r}: known are {KNOWN_COLUMNS}.")
            continue
        place, factor = COLUMNS[name]
        if place in chosen:
            raise RecordingError(f"two columns give {PLACES[place]}: {header[chosen[place][0]]} and {name}.")
        chosen[place] = (column, factor)
    needed = range(7) if any(place >= 4 for place in chosen) else range(4)
    missing = [PLACES[place] for place in needed if place not in chosen]
    if missing:
        found = ", ".join(name[:40] or "(no name)" for name in header[:12])
        raise RecordingError(
            f"no column gives {', '.join(missing)}. Known are {KNOWN_COLUMNS}. Found: {found}."
        )
    return chosen


def _refuse_first_bad_cell(
    text: TextIOWrapper, delimiter: str, header: list[str], used: list[int]
) -> NoReturn:
    rows = csv.reader(text, delimiter=delimiter)
    next(rows)
    for row in rows:
        if not row:
            continue
        if len(row) <= max(used):
            raise RecordingError(f"line {rows.line_num} has {len(row)} columns, the header {len(header)}.")
        for column in used:
            if not _is_number(row[column]):
                where = f"line {rows.line_num}, column {header[column]}"
                raise RecordingError(f"{where}: {row[column].strip()[:40]!r} is not a number.")
    raise RecordingError("it has a header and no row of numbers.")


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _check(t_s: Floats, acc_g: Floats, gyro_dps: Floats | None) -> None:
    if t_s.ndim != 1:
        raise RecordingError(f"t_s has shape {t_s.shape}, not (n,).")
    for name, values in (("acc_g", acc_g), ("gyro_dps", gyro_dps)):
        if values is not None and values.shape != (len(t_s), 3):
            raise RecordingError(f"{name} has shape {values.shape}, not ({len(t_s)}, 3) as t_s asks for.")
    for name, values in (("t_s", t_s), ("acc_g", acc_g), ("gyro_dps", gyro_dps)):
        if values is not None and not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))[0])
            raise RecordingError(f"{name} is not a number in sample {row} (counted from 0).")
    falls = np.flatnonzero(np.diff(t_s) <= 0)
    if len(falls):
        at = int(falls[0])
        times = f"{t_s[at + 1]:.6f} s after {t_s[at]:.6f} s"
        raise RecordingError(f"time does not rise at sample {at + 1}: {times}.")
    span_s = float(t_s[-1] - t_s[0]) if len(t_s) else 0.0
    if not SHORTEST_S <= span_s <= LONGEST_S:
        raise RecordingError(f"it spans {span_s:.6g} s; {SHORTEST_S:.0f} s to {LONGEST_S:.0f} s can be used.")
    _check_units(acc_g, gyro_dps)


def _check_units(acc_g: Floats, gyro_dps: Floats | None) -> None:
    largest_g = float(np.max(np.abs(acc_g)))
    middle_g = float(np.median(np.linalg.norm(acc_g, axis=1)))
    if largest_g > LARGEST_G or middle_g > REST_G:
        raise RecordingError(
            f"its accelerations reach {largest_g:.4g} g, with {middle_g:.3g} g in the middle: "
            "are they in another unit?"
        )
    if gyro_dps is not None and (largest_dps := float(np.max(np.abs(gyro_dps)))) > LARGEST_DPS:
        raise RecordingError(f"its rotation reaches {largest_dps:.4g} deg/s: is it in another unit?")


def _ceiling_g(acc_g: Floats) -> float | None:
    """The end of scale that the samples reach, g; None: they do not.

    It is seen as a greatest value that is a chip's own full scale, or as one near the greatest that comes again and
    again, more often than any below it.
    """
    sizes = np.abs(acc_g)
    ceiling_g = float(np.max(sizes))
    levels, counts = np.unique(sizes[sizes >= ceiling_g * (1 - CLIP_SURROUNDINGS)], return_counts=True)
    at_ceiling = levels >= ceiling_g * (1 - CLIP_BAND)
    most, most_below = np.max(counts[at_ceiling]), np.max(counts[~at_ceiling], initial=0)
    piled_up = ceiling_g >= CLIP_FLOOR_G and most >= CLIP_FEWEST and most >= 2 * most_below
    return ceiling_g if piled_up or _is_full_scale(ceiling_g, FULL_SCALE_NEAR) else None


def _is_full_scale(size_g: float, near: float) -> bool:
    return any(abs(size_g - scale_g) <= near * scale_g for scale_g in FULL_SCALES_G)


def _gap_ends(t_s: Floats) -> NDArray[np.intp]:
    """The last sample before each gap."""
    intervals = np.diff(t_s)
    return np.flatnonzero(intervals > GAP_INTERVALS * np.median(intervals))


def _is_even(t_s: Floats, rate_hz: float) -> bool:
    """Rate may drift slowly; an interval is then still near the mean one."""
    if len(t_s) < 3:
        return True
    intervals = np.diff(t_s) * rate_hz
    off = t_s * rate_hz - np.arange(len(t_s))
    return bool(np.max(np.abs(intervals - 1)) <= 0.25 or np.max(off) - np.min(off) <= 2)


def _grid(t_s: Floats, origin_s: float, rate_hz: float) -> Floats:
    """The whole sample numbers at `rate_hz` since `origin_s` that lie within a segment; one at least."""
    first = math.ceil((t_s[0] - origin_s) * rate_hz - 1e-6)
    last = math.floor((t_s[-1] - origin_s) * rate_hz + 1e-6)
    return np.arange(first, max(last, first) + 1, dtype=np.float64)


def _interpolate(t_s: Floats, source_s: Floats, values: Floats) -> Floats:
    return np.stack([np.interp(t_s, source_s, values[:, axis]) for axis in range(values.shape[1])], axis=1)


def _nearest(t_s: Floats, moments: Floats) -> NDArray[np.intp]:
    after = np.clip(np.searchsorted(t_s, moments), 1, len(t_s) - 1)
    return np.where(moments - t_s[after - 1] <= t_s[after] - moments, after - 1, after)
