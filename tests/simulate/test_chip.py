"""What a driver sees of the chip, register by register."""

import numpy as np
import pytest

from strideload.simulate.chip import PARTS, Chip, Nack, NotSimulated

TRUTH = np.array([0.5, -0.25, 1.0, 10.0, -20.0, 30.0])
DEFAULT_416_BATCHED = ((0x12, 0x44), (0x09, 0x66), (0x10, 0x60), (0x11, 0x60))


class Bench:
    """A chip on a table, with a clock that only the test moves."""

    def __init__(self, part="LSM6DSOX", source=None, **options):
        self.now_us = 5_000_000
        self.chip = Chip(
            part, source or (lambda t: np.tile(TRUTH, (len(t), 1))), lambda: self.now_us, **options
        )

    def wait_ms(self, ms):
        self.now_us += round(1000 * ms)

    def get(self, register, count=1):
        self.chip.write(bytes([register]))
        data = self.chip.read(count)
        return data[0] if count == 1 else data

    def set(self, register, *values):
        self.chip.write(bytes([register, *values]))

    def sample_at_416(self, fifo_mode=6):
        for register, value in (*DEFAULT_416_BATCHED, (0x0A, fifo_mode)):
            self.set(register, value)


def int16(data):
    return np.frombuffer(data, "<i2").tolist()


@pytest.mark.parametrize(
    ("part", "identity"), [("LSM6DSO32", 0x6C), ("LSM6DSOX", 0x6C), ("LSM6DS3TR-C", 0x6A)]
)
def test_identity(part, identity):
    bench = Bench(part)
    assert bench.get(0x0F) == identity
    bench.set(0x0F, 0)
    assert bench.get(0x0F) == identity
    bench.chip.identity = 0x6B
    assert bench.get(0x0F) == 0x6B


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"part": "MPU6050"}, "no such part"), ({"trim": 128}, "FREQ_FINE"), ({"trim": -129}, "FREQ_FINE")],
)
def test_a_chip_that_cannot_be(options, reason):
    with pytest.raises(ValueError, match=reason):
        Bench(**options)


def test_registers_count_up_only_while_if_inc_is_set():
    bench = Bench()
    bench.set(0x0D, 1, 2)
    assert bench.get(0x0D, 2) == b"\x01\x02"
    bench.set(0x12, 0x00)
    bench.set(0x0D, 3, 4)
    assert bench.get(0x0D, 2) == b"\x04\x04"


def test_soft_reset_restores_defaults_and_clears_itself():
    bench = Bench()
    bench.sample_at_416()
    bench.wait_ms(100)
    bench.set(0x12, 0x05)
    assert [bench.get(r) for r in (0x12, 0x10, 0x11, 0x09, 0x0A, 0x18)] == [0x04, 0, 0, 0, 0, 0xE0]
    bench.wait_ms(100)
    assert bench.get(0x3A, 2) == b"\0\0"


def test_banks_do_not_touch_each_other():
    bench = Bench()
    bench.set(0x01, 0x80)
    bench.set(0x10, 0x55)
    assert bench.get(0x10) == 0x55
    bench.set(0x01, 0x00)
    assert bench.get(0x10) == 0x00


SCALES = [
    ("LSM6DSO32", [(0, 0.122), (1, 0.976), (2, 0.244), (3, 0.488)]),
    ("LSM6DSOX", [(0, 0.061), (1, 0.488), (2, 0.122), (3, 0.244)]),
    ("LSM6DS3TR-C", [(0, 0.061), (1, 0.488), (2, 0.122), (3, 0.244)]),
]


@pytest.mark.parametrize(
    ("part", "code", "mg_lsb"), [(part, code, lsb) for part, codes in SCALES for code, lsb in codes]
)
def test_acceleration_in_each_range(part, code, mg_lsb):
    bench = Bench(part)
    bench.set(0x10, 0x60 | code << 2)
    bench.wait_ms(50)
    assert int16(bench.get(0x28, 6)) == [round(g * 1000 / mg_lsb) for g in TRUTH[:3]]
    assert int16(bench.get(0x22, 6)) == [0, 0, 0]


@pytest.mark.parametrize(
    ("bits", "mdps_lsb"), [(0x00, 8.75), (0x04, 17.5), (0x08, 35), (0x0C, 70), (0x02, 4.375)]
)
def test_rotation_in_each_range(bits, mdps_lsb):
    bench = Bench()
    bench.set(0x11, 0x60 | bits)
    bench.wait_ms(50)
    assert int16(bench.get(0x22, 6)) == [round(dps * 1000 / mdps_lsb) for dps in TRUTH[3:]]


@pytest.mark.parametrize(("celsius", "raw"), [(25.0, 0), (35.5, 2688), (-10.0, -8960)])
def test_temperature(celsius, raw):
    bench = Bench()
    bench.chip.temperature_c = celsius
    assert int16(bench.get(0x20, 2)) == [raw]


def test_data_ready_until_it_is_read():
    bench = Bench()
    assert bench.get(0x1E) == 0
    bench.set(0x10, 0x60)
    bench.set(0x11, 0x60)
    assert bench.get(0x1E) == 0b100
    bench.wait_ms(5)
    assert bench.get(0x1E) == 0b111
    bench.get(0x28, 6)
    assert bench.get(0x1E) == 0b110
    bench.get(0x22, 6)
    assert bench.get(0x1E) == 0b100
    bench.wait_ms(5)
    assert bench.get(0x1E) == 0b111


def ramp(t_s):
    return np.outer(t_s, [1, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(("bdu", "torn"), [(0x44, False), (0x04, True)])
def test_block_data_update_keeps_two_bytes_together(bdu, torn):
    bench = Bench(source=ramp)
    bench.set(0x12, bdu)
    bench.set(0x10, 0x60)
    bench.wait_ms(260)
    low = bench.get(0x28)
    whole_before = 256 * bench.get(0x29) + low
    low = bench.get(0x28)
    bench.wait_ms(1000)
    high = bench.get(0x29)
    assert (256 * high + low != whole_before) is torn


@pytest.mark.parametrize(("trim", "byte"), [(0, 0), (5, 5), (-3, 0xFD), (127, 0x7F), (-128, 0x80)])
def test_freq_fine_is_true_only_while_a_sensor_runs(trim, byte):
    bench = Bench(trim=trim)
    assert bench.get(0x63) == 0
    bench.set(0x10, 0x60)
    assert bench.get(0x63) == byte


def test_timestamp_counts_from_where_it_is_turned_on_or_reset():
    bench = Bench(trim=20)
    assert bench.get(0x40, 4) == bytes(4)
    bench.set(0x19, 0x20)
    bench.wait_ms(1000)
    assert int.from_bytes(bench.get(0x40, 4), "little") == 41_200
    bench.set(0x42, 0xAA)
    bench.wait_ms(10)
    assert int.from_bytes(bench.get(0x40, 4), "little") == 412


def level(status):
    return status[0] | (status[1] & 3) << 8


@pytest.mark.parametrize(
    ("samples", "watermark", "flags"),
    [
        (63, 128, 0x00),
        (64, 128, 0x80),
        (64, 0, 0x00),
        (150, 300, 0x80),
        (255, 128, 0x80 | 0x20),
        (256, 128, 0x80 | 0x60 | 0x08),
        (400, 128, 0x80 | 0x60 | 0x08),
    ],
)
def test_fifo_level_and_flags(samples, watermark, flags):
    bench = Bench()
    bench.set(0x07, watermark & 0xFF, watermark >> 8)
    bench.sample_at_416()
    bench.wait_ms((samples + 0.5) * 16 / 6.667)
    status = bench.get(0x3A, 2)
    assert level(status) == min(2 * samples, 512)
    assert status[1] & 0xF8 == flags


def test_a_latched_overrun_is_cleared_by_reading_it():
    bench = Bench()
    bench.sample_at_416()
    bench.wait_ms(2000)
    bench.get(0x78, 7 * 512)
    assert bench.get(0x3B) == 0x08
    assert bench.get(0x3B) == 0x00


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 14, 31, 700])
def test_a_burst_rolls_over_from_word_to_word(piece):
    whole, pieces = Bench(source=ramp), Bench(source=ramp)
    for bench in (whole, pieces):
        bench.sample_at_416()
        bench.wait_ms(300)
    expected = whole.get(0x78, 700)
    pieces.chip.write(b"\x78")
    got = b"".join(pieces.chip.read(min(piece, 700 - at)) for at in range(0, 700, piece))
    assert got == expected


def test_bypass_empties_the_fifo_and_a_change_begins_anew():
    bench = Bench()
    bench.sample_at_416()
    bench.wait_ms(100)
    bench.set(0x0A, 0)
    assert level(bench.get(0x3A, 2)) == 0
    assert bench.get(0x78, 14) == bytes(14)
    bench.set(0x0A, 6)
    bench.wait_ms(10)
    assert level(bench.get(0x3A, 2)) == 8
    bench.set(0x09, 0x06)
    bench.wait_ms(16 / 6.667 * 5)
    assert level(bench.get(0x3A, 2)) == 5


@pytest.mark.parametrize(("code", "every"), [(0, 0), (1, 1), (2, 8), (3, 32)])
@pytest.mark.parametrize("enabled", [True, False])
def test_timestamps_in_the_fifo(code, every, enabled):
    bench = Bench()
    bench.set(0x19, 0x20 if enabled else 0)
    bench.sample_at_416(fifo_mode=6 | code << 6)
    bench.wait_ms(100 * 16 / 6.667)
    data = np.frombuffer(bench.get(0x78, 7 * level(bench.get(0x3A, 2))), np.uint8).reshape(-1, 7)
    stamps = data[data[:, 0] >> 3 == 4]
    if not (enabled and every):
        assert len(stamps) == 0
        return
    ticks = stamps[:, 1:5].copy().view("<u4")[:, 0].astype(int)
    assert np.abs(np.diff(ticks) - every * 16 * 40000 / 6667).max() < 1
    assert ticks[0] <= 96


def test_the_slower_of_two_sensors_is_batched_less_often():
    bench = Bench()
    bench.sample_at_416()
    bench.set(0x09, 0x46)
    bench.wait_ms(300)
    tags = np.frombuffer(bench.get(0x78, 700), np.uint8).reshape(-1, 7)[:, 0] >> 3
    assert tags.tolist() == [1, 2, 2, 2, 2] * 20


@pytest.mark.parametrize(
    ("before", "register", "value"),
    [([], 0x0A, 3), ([], 0x10, 0xF0), ([(0x10, 0x60)], 0x09, 0x0F)],
)
def test_what_is_not_modelled_is_refused(before, register, value):
    bench = Bench()
    for earlier in before:
        bench.set(*earlier)
    with pytest.raises(NotSimulated):
        bench.set(register, value)


def test_the_untagged_fifo_is_empty_and_refuses_to_be_turned_on():
    bench = Bench("LSM6DS3TR-C")
    assert bench.get(0x3A, 2) == b"\x00\x10"
    with pytest.raises(NotSimulated, match="untagged"):
        bench.set(0x0A, 0x06)


def test_the_parts_differ_in_freq_fine():
    bench = Bench("LSM6DS3TR-C", trim=5)
    bench.set(0x10, 0x60)
    assert bench.get(0x63) == 0


def test_a_stalled_fifo_takes_in_nothing_until_bypass():
    bench = Bench()
    bench.sample_at_416()
    bench.wait_ms(100.5)
    before = level(bench.get(0x3A, 2))
    bench.chip.stall_fifo()
    bench.wait_ms(1000)
    assert bench.get(0x3A, 2) == bytes([before, 0])
    bench.set(0x0A, 0)
    bench.set(0x0A, 6)
    bench.wait_ms(10)
    assert level(bench.get(0x3A, 2)) == 8


def test_nack_lasts_so_many_transfers():
    bench = Bench()
    bench.chip.nack(2)
    with pytest.raises(Nack):
        bench.chip.write(b"\x0f")
    with pytest.raises(Nack):
        bench.chip.read(1)
    assert bench.get(0x0F) == 0x6C


def test_a_register_that_changes_by_itself_has_its_effect():
    bench = Bench()
    bench.sample_at_416()
    bench.chip.poke(0x10, 0x00)
    bench.wait_ms(100)
    assert bench.get(0x10) == 0
    data = np.frombuffer(bench.get(0x78, 70), np.uint8).reshape(-1, 7)[:, 0] >> 3
    assert set(data.tolist()) == {1}


def test_every_known_part_can_be_made():
    assert set(PARTS) == {"LSM6DSO32", "LSM6DSOX", "LSM6DS3TR-C"}
    assert [Bench(part).get(0x12) for part in PARTS] == [0x04] * 3


# INT1, wake-up and power


def test_int1_follows_the_watermark_where_it_is_routed():
    bench = Bench()
    bench.set(0x07, 128)
    bench.sample_at_416()
    bench.wait_ms(64.5 * 16 / 6.667)
    assert not bench.chip.int1
    bench.set(0x0D, 0x08)
    assert bench.chip.int1
    bench.get(0x78, 7)
    assert not bench.chip.int1  # 127 words
    bench.wait_ms(16 / 6.667)
    assert bench.chip.int1
    bench.set(0x12, 0x64)  # active low
    assert not bench.chip.int1


FULL_SCALES = [("LSM6DSO32", 4.0), ("LSM6DSOX", 2.0)]
SETTLE_MS = 100


class Nudged:
    """1 g on the third axis, and from second 1 on an axis differs by `size_g` for so many samples of 52 Hz."""

    def __init__(self, size_g, axis=0, samples=1000):
        self.size_g, self.axis, self.samples = size_g, axis, samples

    def __call__(self, t_s):
        rows = np.tile([0.0, 0, 1, 0, 0, 0], (len(t_s), 1))
        now = (t_s >= 1.0) & (t_s < 1.0 + self.samples * 128 / 6667)
        rows[now, self.axis] += self.size_g
        return rows


def watching(source, part="LSM6DSO32", threshold=8, weight=1, duration=0, latched=True):
    """A chip that watches for motion at 52 Hz as an application note has it: INT1 only once the filter has settled."""
    bench = Bench(part, source)
    bench.set(0x15, 0x10)
    bench.set(0x56, 0x41 if latched else 0)
    bench.set(0x5B, threshold)
    bench.set(0x5C, duration << 5 | weight << 4)
    bench.set(0x10, 0x30)
    bench.set(0x58, 0x80)
    bench.wait_ms(SETTLE_MS)
    bench.set(0x5E, 0x20)
    return bench


@pytest.mark.parametrize(("part", "full_scale_g"), FULL_SCALES)
@pytest.mark.parametrize(("threshold", "weight"), [(1, 1), (8, 1), (63, 1), (1, 0), (10, 0)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_threshold_is_for_half_of_what_an_axis_changes_by(part, full_scale_g, threshold, weight, axis):
    threshold_g = threshold * full_scale_g / (256 if weight else 64)
    for factor in (0.97, 1.03):
        size_g = factor * 2 * threshold_g if axis < 2 else -factor * 2 * threshold_g
        bench = watching(Nudged(size_g, axis), part, threshold, weight)
        assert not bench.chip.int1
        bench.wait_ms(2000)
        assert bench.chip.int1 is (factor > 1)
        assert bench.get(0x1B) == (0x08 | 4 >> axis if factor > 1 else 0)


def test_a_latched_wake_up_stays_until_its_source_is_read():
    bench = watching(Nudged(0.5))
    bench.wait_ms(60_000)
    assert bench.chip.int1
    assert bench.chip.int1
    assert bench.get(0x1B) == 0x0C
    assert not bench.chip.int1
    assert bench.get(0x1B) == 0


def test_a_pulsed_wake_up_lasts_as_long_as_its_cause():
    bench = watching(Nudged(0.5), latched=False)
    levels = []
    for _ in range(500):
        bench.wait_ms(4)
        levels.append(bench.chip.int1)
    assert 4 <= sum(levels) <= 6  # 1/52 s


@pytest.mark.parametrize("duration", [0, 1, 2, 3])
def test_the_duration_counts_changes_in_a_row(duration):
    """A ramp of so many steps over the threshold; the way back comes too late to add to it."""

    class Ramp(Nudged):
        def __call__(self, t_s):
            rows = super().__call__(t_s)
            rows[:, 0] *= np.clip(np.floor((t_s - 1.0) * 6667 / 128) + 1, 0, self.samples)
            return rows

    for steps in (duration, duration + 1):
        bench = watching(
            lambda t, steps=steps: np.minimum(Ramp(0.3)(t), [0.3 * steps, 9, 9, 9, 9, 9]), duration=duration
        )
        bench.wait_ms(1500)
        assert bench.chip.int1 is (steps > duration)


def test_the_filter_that_has_not_settled_wakes_at_once():
    """The first difference is taken against nothing: 1 g is a jump of half a g."""
    bench = watching(Nudged(0))
    bench.set(0x58, 0)
    bench.set(0x58, 0x80)
    bench.wait_ms(60)
    assert bench.chip.int1


def test_nothing_wakes_that_is_not_routed_or_not_enabled():
    for register in (0x5E, 0x58):
        bench = watching(Nudged(0.5))
        bench.set(register, 0)
        bench.wait_ms(2000)
        assert not bench.chip.int1


@pytest.mark.parametrize(("register", "value"), [(0x56, 0x51), (0x56, 0x01), (0x5B, 0x48)])
def test_a_wake_up_that_is_not_modelled_is_refused(register, value):
    bench = watching(Nudged(0))
    bench.set(register, value)
    with pytest.raises(NotSimulated):
        bench.get(0x1B)


@pytest.mark.parametrize(
    ("writes", "supply_ua"),
    [
        ([], 3),
        ([(0x10, 0x70)], 170),
        ([(0x10, 0x70), (0x11, 0x70)], 550),
        ([(0x15, 0x10), (0x10, 0x30)], 26),
        ([(0x15, 0x10), (0x10, 0xB0)], 4.5),
        ([(0x15, 0x10), (0x10, 0x40)], 170),
        ([(0x15, 0x10), (0x10, 0x30), (0x11, 0x70)], 550),
    ],
)
def test_supply_current_by_what_is_turned_on(writes, supply_ua):
    bench = Bench("LSM6DSO32")
    for write in writes:
        bench.set(*write)
    assert bench.chip.supply_ua == pytest.approx(supply_ua, rel=0.01)


@pytest.mark.parametrize("falls", [True, False])
def test_a_reset_with_int1_high_may_deafen_it_until_it_loses_power(falls):
    bench = Bench()
    bench.chip.falls_for_i3c = falls
    bench.set(0x0D, 0x08)
    bench.set(0x07, 128)
    bench.sample_at_416()
    bench.set(0x12, 0x05)
    assert bench.get(0x0F) == 0x6C  # INT1 was low
    bench.set(0x0D, 0x08)
    bench.set(0x07, 128)
    bench.sample_at_416()
    bench.wait_ms(500)
    bench.set(0x12, 0x05)
    if falls:
        with pytest.raises(Nack):
            bench.get(0x0F)
        bench.chip.lose_power()
    assert bench.get(0x0F) == 0x6C
