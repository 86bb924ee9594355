"""A recording is read as it is, or refused with its place."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload import recording
from strideload.detect import CHIP_RATES_HZ
from strideload.recording import COLUMNS, RecordingError, from_arrays, read, resample, signal

RATE_HZ = 104.17


def samples(n=400, rate_hz=RATE_HZ, seed=1):
    draw = np.random.default_rng(seed)
    t_s = 5.0 + np.arange(n) / rate_hz
    return t_s, draw.normal((0, 0, 1), 0.3, (n, 3)), draw.normal(0, 50, (n, 3))


def write_npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def write_table(path, header, rows, delimiter=","):
    lines = [delimiter.join(header), *(delimiter.join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_npz_comes_back_as_it_went(tmp_path):
    t_s, acc_g, gyro_dps = samples()
    found = read(write_npz(tmp_path / "a.npz", t_s=t_s, acc_g=acc_g, gyro_dps=gyro_dps, ic_s=[1.0]))
    assert (found.t_s == t_s).all()
    assert (found.acc_g == acc_g).all()
    assert (found.gyro_dps == gyro_dps).all()
    assert found.rate_hz == pytest.approx(RATE_HZ)
    assert found.even
    assert found.gaps == []
    assert found.ceiling_g is None
    assert found.ignored == ("ic_s",)
    assert len(found.sha256) == 64


def test_single_precision_without_gyroscope_is_read(tmp_path):
    t_s, acc_g, _ = samples()
    found = read(write_npz(tmp_path / "a.npz", t_s=t_s, acc_g=acc_g.astype(np.float32)))
    assert found.gyro_dps is None
    assert found.acc_g == pytest.approx(acc_g, abs=1e-6)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize(
    ("time", "acc", "gyro"),
    [
        ("t_s", "g", "dps"),
        ("TIMESTAMP_MS", "m_s2", "rad_s"),
        ("time_us", "mg", "mdps"),
        ("time_s", "g", None),
    ],
)
def test_a_table_is_read_in_any_known_unit(tmp_path, delimiter, time, acc, gyro):
    t_s, acc_g, gyro_dps = samples()
    names = [time, *(f"acc_{axis}_{acc}" for axis in "xyz"), "heart_rate"]
    columns = [t_s / COLUMNS[time.lower()][1], *(acc_g / COLUMNS[f"acc_x_{acc}"][1]).T, np.full(len(t_s), 77)]
    if gyro:
        names += [f"gyro_{axis}_{gyro}" for axis in "xyz"]
        columns += list((gyro_dps / COLUMNS[f"gyro_x_{gyro}"][1]).T)
    found = read(write_table(tmp_path / "a.csv", names, zip(*columns, strict=True), delimiter))
    assert found.t_s == pytest.approx(t_s)
    assert found.acc_g == pytest.approx(acc_g)
    assert (found.gyro_dps is None) == (gyro is None)
    if gyro:
        assert found.gyro_dps == pytest.approx(gyro_dps)
    assert found.ignored == ("heart_rate",)


def test_every_known_column_is_in_the_documented_table():
    """The sentence that an error shows names every column that there is."""
    for name, (place, _) in COLUMNS.items():
        parts = name.split("_", 2 if place else 1)
        assert "_".join(parts[:-1]) in recording.KNOWN_COLUMNS
        assert f"_{parts[-1]}" in recording.KNOWN_COLUMNS


HEADER = ["t_s", "acc_x_g", "acc_y_g", "acc_z_g"]
ROWS = [[i / 100, 0.1, 0.2, 1.0] for i in range(300)]


def changed(row, column, value):
    rows = [list(r) for r in ROWS]
    rows[row][column] = value
    return rows


TABLES = [
    ("a word", HEADER, changed(3, 2, "abc"), r"line 5, column acc_y_g: 'abc' is not a number"),
    ("an empty cell", HEADER, changed(0, 1, ""), r"line 2, column acc_x_g: '' is not a number"),
    ("nan", HEADER, changed(9, 3, "nan"), r"line 11, column acc_z_g: 'nan' is not a number"),
    ("infinity", HEADER, changed(9, 0, "inf"), r"line 11, column t_s: 'inf' is not a number"),
    ("a decimal comma", HEADER, changed(1, 1, '"0,5"'), r"line 3, column acc_x_g: '0,5' is not a number"),
    ("a short row", HEADER, [*ROWS[:7], [0.07, 1.0]], r"line 9 has 2 columns, the header 4"),
    ("no row", HEADER, [], r"a header and no row"),
    ("no header", ["0.0", "0.1", "0.2", "1.0"], ROWS, r"no column gives time, acc_x.*Known are"),
    ("no unit", ["t_s", "acc_x", "acc_y", "acc_z"], ROWS, r"no column 'acc_x': known are .*_m_s2"),
    (
        "half a gyroscope",
        [*HEADER[:3], "acc_z_g", "gyro_x_dps"],
        [[*r, 1] for r in ROWS],
        r"gives gyro_y, gyro_z",
    ),
    ("two clocks", [*HEADER, "time_ms"], [[*r, 1] for r in ROWS], r"two columns give time: t_s and time_ms"),
    ("a clock that stands", HEADER, changed(50, 0, 0.49), r"time does not rise at sample 50"),
    ("too few", HEADER, ROWS[:9], r"spans 0.08 s"),
    (
        "milliseconds as seconds",
        HEADER,
        [[r[0] * 1000, *r[1:]] for r in ROWS],
        r"0.1 samples a second; at least 50",
    ),
    ("m/s² as g", HEADER, [[r[0], r[1] * 9.8, r[2] * 9.8, 9.8] for r in ROWS], r"in another unit\?"),
    ("millig as g", HEADER, [[r[0], 100, 200, 1000] for r in ROWS], r"in another unit\?"),
]


@pytest.mark.parametrize(("header", "rows", "says"), [t[1:] for t in TABLES], ids=[t[0] for t in TABLES])
def test_a_table_that_cannot_be_used_is_refused_with_its_place(tmp_path, header, rows, says):
    path = write_table(tmp_path / "a.csv", header, rows)
    with pytest.raises(RecordingError, match=says) as refused:
        read(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


T, A, G = samples()
ARRAYS = [
    ("no acceleration", {"t_s": T}, "no array acc_g, only t_s"),
    ("two axes", {"t_s": T, "acc_g": A[:, :2]}, r"acc_g has shape \(400, 2\), not \(400, 3\)"),
    ("another length", {"t_s": T[1:], "acc_g": A}, r"acc_g has shape \(400, 3\), not \(399, 3\)"),
    ("a gyroscope of another length", {"t_s": T, "acc_g": A, "gyro_dps": G[1:]}, "gyro_dps has shape"),
    ("time as a column", {"t_s": T[:, None], "acc_g": A}, r"t_s has shape \(400, 1\)"),
    ("a lone number", {"t_s": np.array(1.0), "acc_g": A}, r"t_s has shape \(\)"),
    ("text", {"t_s": T.astype(str), "acc_g": A}, "t_s holds no numbers"),
    ("objects", {"t_s": T.astype(object), "acc_g": A}, "pickled objects never are"),
    ("nothing", {"t_s": T[:0], "acc_g": A[:0]}, "spans 0 s"),
    (
        "a hole",
        {"t_s": T, "acc_g": np.where(np.arange(400)[:, None] == 7, np.nan, A)},
        "acc_g .* in sample 7",
    ),
    ("a hole in time", {"t_s": np.where(T[9] == T, np.inf, T), "acc_g": A}, "t_s .* in sample 9"),
    ("a wild gyroscope", {"t_s": T, "acc_g": A, "gyro_dps": G * 1e4}, r"rotation reaches .* another unit\?"),
    ("years", {"t_s": np.where(T[200] < T, T + 1e8, T), "acc_g": A}, "spans 1e"),
]


@pytest.mark.parametrize(("arrays", "says"), [a[1:] for a in ARRAYS], ids=[a[0] for a in ARRAYS])
def test_arrays_that_cannot_be_used_are_refused(tmp_path, arrays, says):
    with pytest.raises(RecordingError, match=says):
        read(write_npz(tmp_path / "a.npz", **arrays))


def zipped(data, *names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, data)
    return buffer.getvalue()


FILES = [
    ("empty.csv", b"", "the file is empty"),
    ("empty.npz", b"", "the file is empty"),
    ("text.npz", b"t_s,acc_x_g\n", "no zip archive"),
    ("cut.npz", zipped(b"\x93NUMPY" + bytes(100), "t_s.npy")[:60], "no zip archive"),
    ("junk.npz", zipped(b"junk", "t_s.npy", "acc_g.npy"), "t_s holds no numbers"),
    ("other.npz", zipped(b"hello", "readme.txt"), "no array t_s"),
    ("bytes.csv", bytes(range(128, 256)) * 10, "no text in UTF-8"),
    ("later.csv", b"t_s,acc_x_g,acc_y_g,acc_z_g\n0,0,0,1\n\xff\xff,0,0,1\n", "no text in UTF-8"),
    ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "no text in UTF-8"),
    ("zeros.csv", bytes(1000), "no column gives"),
]


@pytest.mark.parametrize(("name", "data", "says"), FILES, ids=[f[0] for f in FILES])
def test_a_file_of_another_sort_is_refused(tmp_path, name, data, says):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=says):
        read(path)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(b"t_s,acc_x_g,acc_y_g,acc_z_g\n" + data)
    with pytest.raises(RecordingError):
        read(path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(RecordingError, match="No such file"):
        read(tmp_path / "a.csv")
    with pytest.raises(RecordingError, match=r"[Dd]irectory"):
        read(tmp_path)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "LARGEST_BYTES", 100)
    with pytest.raises(RecordingError, match="Cut it into parts"):
        read(write_table(tmp_path / "a.csv", HEADER, ROWS))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, t_s=T, acc_g=np.zeros((400, 3)))
    monkeypatch.setattr(recording, "LARGEST_BYTES", path.stat().st_size + 1)
    with pytest.raises(RecordingError, match="unpacked"):
        read(path)


def test_a_gap_is_kept_and_not_bridged():
    t_s, acc_g, _ = samples(400, 100.0)
    t_s[200:] += 0.5
    found = from_arrays(t_s, acc_g)
    assert found.gaps == [(pytest.approx(t_s[199]), pytest.approx(t_s[200]))]
    assert found.rate_hz == pytest.approx(100)
    assert found.even
    again = resample(found, 208.3)
    assert again.gaps == [(pytest.approx(t_s[199], abs=0.005), pytest.approx(t_s[200], abs=0.005))]


@pytest.mark.parametrize(
    ("name", "t_s", "even"),
    [
        ("a clock that jitters", np.arange(400) / 100 + np.tile([0, 0.002], 200), True),
        ("whole milliseconds at 104 Hz", np.round(np.arange(400) / 104.17, 3), True),
        ("a rate that drifts", np.cumsum(0.01 + 1e-6 * np.arange(400)), True),
        ("steps of 10 and 20 ms", np.cumsum(np.where(np.arange(400) % 5, 0.01, 0.02)), True),
        ("steps of 10 and 20 ms, at odds", np.cumsum(np.where(np.arange(400) > 200, 0.01, 0.02)), False),
    ],
)
def test_evenness(name, t_s, even):
    assert from_arrays(t_s, samples(400)[1]).even is even, name


def test_resampling_follows_straight_lines():
    t_s = np.arange(300) / 100
    acc_g = np.stack([t_s, 1 - t_s, np.ones(300)], axis=1)
    found = resample(from_arrays(t_s, acc_g, acc_g * 10), 208.3)
    assert found.t_s == pytest.approx(np.arange(len(found.t_s)) / 208.3)
    assert found.t_s[-1] <= t_s[-1]
    assert found.acc_g[:, 0] == pytest.approx(found.t_s)
    assert found.gyro_dps is not None
    assert found.gyro_dps[:, 1] == pytest.approx(10 - 10 * found.t_s)
    assert (found.rate_hz, found.resampled_from_hz) == (208.3, pytest.approx(100))


@pytest.mark.parametrize(
    ("name", "level", "times", "ceiling_g"),
    [
        ("a chip's full scale, once", 8.0, 1, 8.0),
        ("a full scale of its own, again and again", 6.31, 8, 6.31),
        ("a peak that came once", 7.4, 1, None),
        ("twice is chance", 7.4, 2, None),
        ("no impact at all", 1.2, 50, None),
    ],
)
def test_the_end_of_scale_is_found(name, level, times, ceiling_g):
    t_s, acc_g, _ = samples()
    acc_g = np.clip(acc_g, -1.1, 1.1)
    acc_g[10 : 10 + 4 * times : 4, 1] = -level
    found = from_arrays(t_s, acc_g)
    assert found.ceiling_g == ceiling_g, name
    assert found.clipped.sum() == (times if ceiling_g else 0)


def test_a_clipped_sample_is_still_clipped_when_resampled():
    t_s, acc_g, _ = samples(400, 100.0)
    acc_g[50:350:30, 0] = 8.0
    found = resample(from_arrays(t_s, acc_g), 104.17)
    assert found.clipped.sum() == 10
    assert (found.acc_g[found.clipped, 0] == 8.0).all()


@pytest.mark.parametrize(("ceiling_g", "clips"), [(15.98, True), (6.31, False)])
def test_as_a_signal_it_clips_a_chip_where_it_clipped_a_sensor(ceiling_g, clips):
    """+-16 g in steps of 0.488 mg ends at 15.99 g; another end of scale stays what it is."""
    t_s, acc_g, gyro_dps = samples(400, 89.0)
    acc_g[50:350:30, 0] = -ceiling_g
    source = signal(from_arrays(t_s, acc_g, gyro_dps), 104.17)
    seen = source(np.arange(450) / 104.17)
    assert seen.shape == (450, 6)
    assert (seen[:, 0] <= -0.999 * ceiling_g).sum() == 10
    assert ((np.abs(seen[:, :3]) > 32767 * 0.000488).sum() == 10) == clips
    assert source(t_s[:5] - t_s[0]) == pytest.approx(np.hstack([acc_g, gyro_dps])[:5])


def test_as_a_signal_it_is_zero_where_nothing_was_measured():
    t_s, acc_g, _ = samples()
    assert (signal(from_arrays(t_s, acc_g), 104.17)(t_s - t_s[0])[:, 3:] == 0).all()


REAL = [
    ("run_outdoor_shoe_100hz", 100.0, True, 8.0, 1499.99),
    ("run_outdoor_hip_100hz", 100.0, True, None, 1499.99),
    ("run_lsm6ds3_shoe_89hz", 88.93, False, 15.998, 101.91),
    ("walk_foot_205hz", 204.8, True, None, 38.706),
]


@pytest.mark.parametrize(("name", "rate_hz", "even", "ceiling_g", "span_s"), REAL, ids=[r[0] for r in REAL])
def test_real_recordings(recordings, name, rate_hz, even, ceiling_g, span_s):
    found = read(recordings / f"{name}.npz")
    assert found.rate_hz == pytest.approx(rate_hz, abs=0.01)
    assert found.even is even
    assert found.ceiling_g == pytest.approx(ceiling_g, abs=0.001)
    assert found.t_s[-1] - found.t_s[0] == pytest.approx(span_s, abs=0.01)
    assert found.gaps == []


def test_the_document_has_every_column_and_bound():
    text = (Path(__file__).parents[1] / "docs" / "recordings.md").read_text()
    for name, (place, _) in COLUMNS.items():
        stem, unit = (
            name.split("_", 1) if not place else ("_".join(name.split("_")[:2]), name.split("_", 2)[2])
        )
        assert f"`{stem}`" in text
        assert f"`_{unit}`" in text
    for bound in (
        f"{recording.LARGEST_BYTES:,} bytes".replace(",", " "),
        "2 s or more than 48 h",
        "50 samples",
        "100 g",
    ):
        assert bound in text
    assert (recording.SHORTEST_S, recording.LONGEST_S, recording.SLOWEST_HZ) == (2, 48 * 3600, 50)
    assert (recording.LARGEST_G, recording.REST_G, recording.LARGEST_DPS) == (100, 5, 10_000)
    assert ", ".join(f"{rate_hz:.2f}" for rate_hz in CHIP_RATES_HZ[:-1]) in text
