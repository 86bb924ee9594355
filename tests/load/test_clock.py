"""The line from samples to UTC: worked cases, and what holds for any anchors."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.load.clock import Anchor, Clock, Mark, fit, ticks_to_utc_us

RATE_MHZ = 416_700
T0_MS = 1_760_000_000_000


def at(
    second: float, *, rate_mhz: int = RATE_MHZ, first: int = 1000, sample: bool = True, **off: int
) -> Anchor:
    """A true anchor of a session that began at sample `first`, tick 5000, UTC T0_MS."""
    return Anchor(
        tick_ms=5000 + round(1000 * second),
        utc_ms=T0_MS + round(1000 * second) + off.get("utc_ms", 0),
        sample=first + round(second * rate_mhz / 1000) if sample else None,
        uncertainty_ms=off.get("uncertainty_ms", 20),
    )


def marks(*seconds: float, rate_mhz: int = RATE_MHZ) -> list[Mark]:
    return [Mark(1000 + round(s * rate_mhz / 1000), 5000 + round(1000 * s)) for s in seconds]


def dated(clock: Clock | None) -> Clock:
    assert clock is not None
    assert clock.origin_utc_us is not None
    return clock


CASES = [
    ("one anchor", [at(30)], [], "anchor", 0),
    ("two anchors too near each other", [at(30), at(80)], [], "anchor", 0),
    ("two anchors", [at(0), at(3600)], [], "line", 0),
    ("an outlier among four", [at(0), at(900), at(1800, utc_ms=60_000), at(3600)], [], "line", 1),
    ("of two that contradict, the surer", [at(0, uncertainty_ms=5), at(600, utc_ms=9_000)], [], "anchor", 1),
    ("an outlier that the rate alone would allow", [*map(at, range(0, 3600, 300)), at(3600, utc_ms=3_000)],
     [], "line", 1),
    ("another session's anchor", [], [at(-7200, sample=False)], "ticks", 0),
    ("an anchor without its sample", [at(60, sample=False)], [], "ticks", 0),
    ("three in the boot, one wrong", [], [at(-7200), at(-3600), at(-60, utc_ms=5_000)], "ticks", 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "others", "basis", "dropped"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_worked_cases(own: list[Anchor], others: list[Anchor], basis: str, dropped: int) -> None:
    """An hour into the session the time is right to 2 ms, and what was passed over is told."""
    clock = dated(fit(RATE_MHZ, 1000, own, others, marks(10, 1800, 3500)))
    assert clock.basis == basis
    assert len(clock.dropped) == dropped
    assert abs(int(clock.utc_us(1000 + 3600 * RATE_MHZ / 1000)) - (T0_MS + 3_600_000) * 1000) <= 2_000


def test_anchors_correct_the_trimmed_rate() -> None:
    """A chip 0.07 % off its trim: two anchors an hour apart still date the middle to a few ms."""
    true_mhz = round(RATE_MHZ * 1.0007)
    clock = dated(fit(RATE_MHZ, 1000, [at(0, rate_mhz=true_mhz), at(3600, rate_mhz=true_mhz)]))
    assert clock.basis == "line"
    assert abs(int(clock.utc_us(1000 + 1800 * true_mhz / 1000)) / 1000 - (T0_MS + 1_800_000)) <= 5


def test_rate_never_leaves_what_a_chip_can_do() -> None:
    """Two anchors a minute apart, each half a second off, cannot bend the clock by more than 0.2 %."""
    own = [at(0, utc_ms=500, uncertainty_ms=500), at(61, utc_ms=-500, uncertainty_ms=500)]
    clock = dated(fit(RATE_MHZ, 1000, own))
    assert clock.us_per_sample == pytest.approx(1e9 / RATE_MHZ, rel=0.0021)


def test_undated() -> None:
    """No anchor in the boot: no origin, but the samples still measure time."""
    clock = fit(RATE_MHZ, 1000, marks=marks(10, 20))
    assert clock is not None
    assert clock.basis == "none"
    assert clock.origin_utc_us is None
    assert int(clock.elapsed_us(1000 + RATE_MHZ / 1000)) == 1_000_000


@pytest.mark.parametrize("rate", [None, 0])
def test_no_rate_no_clock(rate: int | None) -> None:
    assert fit(rate, 0, [at(0), at(3600)]) is None


def test_ticks() -> None:
    """Ticks of a boot reach UTC through any of its anchors; without one they stay ticks."""
    assert ticks_to_utc_us([at(100, sample=False)], [5000, 6000]) == [T0_MS * 1000, (T0_MS + 1000) * 1000]
    assert ticks_to_utc_us([], [5000]) is None


def test_many_anchors_are_thinned() -> None:
    """A boot of a year with an anchor every ten minutes is fitted all the same."""
    clock = dated(fit(RATE_MHZ, 1000, [at(600.0 * i) for i in range(52_560)]))
    assert clock.basis == "line"
    assert abs(int(clock.utc_us(1000)) - T0_MS * 1000) <= 5_000


@given(
    seconds=st.lists(st.floats(0, 7200), min_size=1, max_size=12),
    trim=st.floats(-0.0007, 0.0007),
    seed=st.integers(0, 2**32),
)
def test_true_anchors_are_kept_and_order_does_not_matter(
    seconds: list[float], trim: float, seed: int
) -> None:
    """Anchors within their uncertainty all count, any order of them gives one clock, and time only rises."""
    jitter = random.Random(seed)
    rate = round(RATE_MHZ * (1 + trim))
    own = [at(s, rate_mhz=rate, utc_ms=jitter.randint(-20, 20)) for s in seconds]
    clock = dated(fit(RATE_MHZ, 1000, own))
    assert clock.dropped == ()
    jitter.shuffle(own)
    assert fit(RATE_MHZ, 1000, own) == clock
    for anchor in own:
        assert anchor.sample is not None
        assert abs(int(clock.utc_us(anchor.sample)) / 1000 - anchor.utc_ms) <= 20 + 250
    assert int(clock.utc_us(2001)) > int(clock.utc_us(2000))


@given(st.floats(-86_400, 86_400), st.lists(st.floats(0, 7200), min_size=1, max_size=20))
def test_a_boot_reaches_its_sessions(away: float, closings: list[float]) -> None:
    """One anchor anywhere in the boot dates a session through its marks as well as the ticks do."""
    clock = dated(fit(RATE_MHZ, 1000, others=[at(away, sample=False)], marks=marks(*closings)))
    assert clock.basis == "ticks"
    middle = sum(closings) / len(closings)
    assert abs(int(clock.utc_us(1000 + middle * RATE_MHZ / 1000)) / 1000 - T0_MS - 1000 * middle) <= 5
