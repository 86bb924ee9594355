"""Pages of one session -> its row and its steps. Pure: no SQL, and the result depends on the pages alone."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from strideload.load.clock import Anchor, Basis, Clock, Mark, fit, ticks_to_utc_us
from strideload.load.steps import STEP
from strideload.protocol import pages as protocol
from strideload_pod import page

# Goes up whenever a derived row changes; a version of pages that becomes known counts as well.
DERIVE_VERSION: Final = 3

# As steps are kept: integers, so that the bytes are the same on every machine. -1: not known.
STORED: Final = np.dtype(
    [
        ("ic_utc_us", "<i8"),  # us since the session's start, if it is undated
        ("contact_us", "<i4"),
        ("stride_us", "<i4"),
        ("rise_g_s", "<i4"),
        ("peak_mg", "<i4"),
        ("kind", "u1"),
        ("flags", "u1"),
    ]
)

# What a pod can mean: thousands of years of samples and of ticks, the years 2000 to 2200, rates of real chips.
# Beyond, a number is a fault and counts as unknown; within, sums of them stay in 64 bits.
SAMPLES_END: Final = 2**48
TICKS_END: Final = 2**48
UTC_MS_RANGE: Final = (946_684_800_000, 7_258_118_400_000)
RATE_MHZ_RANGE: Final = (50_000, 10_000_000)
INT32_MAX: Final = 2**31 - 1
# What a session can be: so long at most from the middle of its pages to either end. Nobody is on the move for four
# days without ten quiet minutes, and one page that says so must not stretch a session over years.
REACH_S: Final = 48 * 3600
# A page is closed ten seconds after its first sample, or after the longest hang of the pod's loop.
PAGE_S: Final = 3600
# A chip is drained several times a second. Wi-Fi and flash hold the loop up for some seconds.
UNREAD_MS: Final = 60_000
# A runner tells minutes.
PLACED_UNCERTAINTY_MS: Final = 60_000

CHIPS: Final = {
    page.CHIP_LSM6DSO32: "LSM6DSO32",
    page.CHIP_LSM6DSOX: "LSM6DSOX",
    page.CHIP_LSM6DS3TRC: "LSM6DS3TR-C",
}
ORIGINS: Final = {
    page.ORIGIN_SENSOR: "sensor",
    page.ORIGIN_RECORDING: "recording",
    page.ORIGIN_SIMULATED: "simulated",
}

MARK_SOURCES: Final = {page.MARK_BUTTON: "button", page.MARK_HOST: "host"}
CUE_OUTCOMES: Final = {page.CUE_GIVEN: "given", page.CUE_FADED: "faded", page.CUE_FAILED: "failed"}

Array = npt.NDArray[Any]


class AliveRecord(NamedTuple):
    """One alive record of a boot, dated. `watching`: its chip was being read."""

    number: int  # of its page
    record: int  # place in that
    utc_us: int
    origin: str  # load.steps.Origin
    watching: bool


class MarkRecord(NamedTuple):
    """One mark. `utc_us` None: undated."""

    number: int  # of its page
    record: int  # place in that
    utc_us: int | None
    source: str  # load.steps.MarkSource
    code: int
    origin: str  # load.steps.Origin


class CueRecord(NamedTuple):
    """One cue that was due; the fields are those of load.steps.Cue. `utc_us` None: undated."""

    utc_us: int | None
    target_cspm: int | None
    cadence_cspm: int | None
    outcome: str
    run: int | None
    share_percent: int | None


# How a session got its date: as its clock says, or by the runner's hand.
Dating = Basis | Literal["placed"]


class BootAnchor(NamedTuple):
    """An anchor and the session in which it was taken (0: in none)."""

    session: int
    anchor: Anchor


@dataclass(frozen=True)
class Derived:
    """A session's row, without its identity, its steps in order of time, (n,) of STORED, and the marks in it."""

    row: dict[str, Any]
    steps: Array
    marks: list[MarkRecord]


@dataclass(frozen=True)
class _Extent:
    """What a session's pages say of its rate, its first and last sample and its contacts."""

    rate_mhz: int | None
    odr_hz: int | None
    clock_mhz: int | None  # the rate, else the nominal one
    sound: Array  # the pages that fit, (n,)
    ic: npt.NDArray[np.float64]
    records: Array
    first: int
    last: int
    is_open: bool

    @classmethod
    def of(cls, pages: Array) -> "_Extent":
        rate_mhz = _usual(pages["rate_mhz"], lambda v: RATE_MHZ_RANGE[0] <= v <= RATE_MHZ_RANGE[1])
        odr_hz = _usual(pages["odr_hz"], lambda v: v not in (0, page.UNKNOWN_U16))
        clock_mhz = rate_mhz or (odr_hz * 1000 if odr_hz and odr_hz * 1000 >= RATE_MHZ_RANGE[0] else None)
        counted = np.isin(pages["kind"], (page.KIND_STEPS, page.KIND_RAW))
        fits = protocol.sound(pages) & (~counted | (pages["first_sample"] < SAMPLES_END))
        fits[fits] = _within_reach(pages[fits], clock_mhz or RATE_MHZ_RANGE[1])
        sound = pages[fits]
        ic, records = _step_records(sound)
        return cls(rate_mhz, odr_hz, clock_mhz, sound, ic, records, *_first_and_last(sound, ic))


def derived_by() -> str:
    """What derives now, as rows bear it: the version of this file, and the versions of pages that it reads."""
    return f"{DERIVE_VERSION}/{','.join(map(str, sorted(protocol.KNOWN_VERSIONS)))}"


def session_id(pod: str, log: int, boot: int, session: int) -> int:
    """The same for the same session wherever and in whatever order it arrives.

    The boot belongs to it: a pod that began more sessions in a boot than it has numbers for repeats another boot's.
    """
    key = bytes.fromhex(pod) + b"".join(part.to_bytes(4, "little") for part in (log, boot, session))
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big") & (2**63 - 1)


def boot_anchors(pages: Array) -> list[BootAnchor]:
    """The anchors in the anchor pages of a boot. Those outside of any sense are left out."""
    found: list[BootAnchor] = []
    for session, record in _by_session(pages[protocol.sound(pages)], page.KIND_ANCHOR):
        sample, tick_ms, utc_ms, uncertainty_ms = record[:4]
        if tick_ms < TICKS_END and UTC_MS_RANGE[0] <= utc_ms < UTC_MS_RANGE[1]:
            anchor = Anchor(
                tick_ms,
                utc_ms,
                sample if sample < SAMPLES_END else None,
                None if uncertainty_ms == page.UNKNOWN_U16 else uncertainty_ms,
            )
            found.append(BootAnchor(session, anchor))
    return found


def placed_anchor(pages: Array, start_utc_us: int) -> BootAnchor | None:
    """The anchor that a runner sets by saying when a session began; `pages` as for `derive_session`.

    None: no page of it tells sample and tick together, or the rate is not known.
    """
    extent = _Extent.of(pages)
    marks = _marks(extent.sound)
    if extent.clock_mhz is None or not marks:
        return None
    met = marks[0]
    tick_ms = met.tick_ms - (met.sample - extent.first) * 1_000_000 // extent.clock_mhz
    anchor = Anchor(tick_ms, start_utc_us // 1000, extent.first, PLACED_UNCERTAINTY_MS)
    return BootAnchor(int(pages["session"][0]), anchor)


def alive_records(pages: Array, anchors: Sequence[BootAnchor]) -> list[AliveRecord]:
    """Alive records of a boot; those without a date are left out.

    A pod whose chip does not answer writes them all the same. It knows no rate until the chip was set up, and closes
    pages at the tick at which the chip was last read: where that is long before the record, nobody watched, unless
    the pod slept and the chip watched for motion.
    """
    pages = pages[protocol.sound(pages)]
    asleep = _asleep_ms(pages)
    found: list[AliveRecord] = []
    for header, place, record in _each_record(pages, page.KIND_ALIVE):
        tick_ms, utc_ms = record[:2]
        utc_us = _record_utc_us(tick_ms, utc_ms, anchors)
        if utc_us is not None:
            is_fresh = abs(tick_ms - int(header["closed_tick_ms"])) <= UNREAD_MS
            is_asleep = any(first - UNREAD_MS <= tick_ms <= last + UNREAD_MS for first, last in asleep)
            watching = header["rate_mhz"] != page.UNKNOWN_U32 and (is_fresh or is_asleep)
            found.append(
                AliveRecord(int(header["number"]), place, utc_us, _origin_of(header), bool(watching))
            )
    return found


def marks_outside(pages: Array, anchors: Sequence[BootAnchor]) -> list[MarkRecord]:
    """The marks of a boot that lie in no session, dated as alive records are."""
    outside = pages[protocol.sound(pages) & (pages["session"] == 0)]
    return _mark_records(outside, lambda _, record: _record_utc_us(record[1], record[2], anchors))


def derive_session(
    pages: Array,
    anchors: Sequence[BootAnchor],
    pages_lost: int,
    before: Array | None = None,
    *,
    placed: bool = False,
) -> Derived:
    """A session's pages of known versions, (n,) of HEADER with n > 0, and the anchors of its boot -> Derived.

    Of streams other than the steps', the first and last page do: they only widen the session. `before`: the last page
    of the session before it in the boot, (1,); None: there is none. `placed`: the anchors are `placed_anchor`'s.
    """
    session = int(pages["session"][0])
    extent = _Extent.of(pages)
    sound = extent.sound
    clock = fit(
        extent.clock_mhz,
        extent.first,
        own=[a.anchor for a in anchors if a.session == session],
        others=[a.anchor for a in anchors if a.session != session],
        marks=_marks(sound),
    )
    row = {
        **_times(clock, extent.last, placed),
        "rate_mhz": extent.rate_mhz,
        "odr_hz": extent.odr_hz or 0,
        "acc_range_g": _usual(pages["acc_range_g"], lambda v: v != page.UNKNOWN_U8) or 0,
        "chip": CHIPS.get(_usual(pages["chip"], CHIPS.__contains__) or 0, "unknown"),
        "origin": _origin(pages["origin"]),
        "resampled": bool((pages["flags"] & page.FLAG_RESAMPLED).any()),
        "open": extent.is_open,
        "faults": json.dumps(_raised(pages, before), sort_keys=True),
        "gaps": json.dumps(_gaps(sound, clock)),
        "cues": json.dumps(_cues(sound, clock)),
        "pages_lost": pages_lost,
        "pages_unsound": len(pages) - len(sound),
    }
    marks = _mark_records(sound, lambda header, record: _record_in_session_utc_us(header, record, clock))
    return Derived(row, _steps(extent.ic, extent.records, clock), marks)


def content_of(derived: Derived) -> str:
    """A digest of all that a session says, 32 hex digits: two that differ in anything have different ones."""
    digest = blake2b(repr(sorted(derived.row.items())).encode(), digest_size=16)
    digest.update(derived.steps.tobytes())
    return digest.hexdigest()


def to_steps(stored: Array) -> npt.NDArray[np.void]:
    """Steps as kept -> load.steps.STEP, shape (n,); -1 becomes NaN."""
    steps = np.empty(len(stored), STEP)
    steps["ic_utc_us"] = stored["ic_utc_us"]
    for name, source, unit in (
        ("contact_s", "contact_us", 1e6),
        ("stride_s", "stride_us", 1e6),
        ("peak_g", "peak_mg", 1e3),
        ("rise_g_s", "rise_g_s", 1.0),
    ):
        steps[name] = np.where(stored[source] < 0, np.nan, stored[source] / unit)
    steps["kind"] = stored["kind"]
    steps["flags"] = stored["flags"]
    return steps


def _record_utc_us(tick_ms: int, utc_ms: int, anchors: Sequence[BootAnchor]) -> int | None:
    """When a record was written: as it says, or by its tick and the anchors of its boot; None: neither tells."""
    if UTC_MS_RANGE[0] <= utc_ms < UTC_MS_RANGE[1]:
        return utc_ms * 1000
    reached = ticks_to_utc_us([a.anchor for a in anchors], [tick_ms]) if tick_ms < TICKS_END else None
    return reached[0] if reached else None


def _record_in_session_utc_us(header: Any, record: Any, clock: Clock | None) -> int | None:
    """When a record that begins with sample and tick was written, by its session's clock; None: that is undated.

    A tick without a sample counts from the closing of the page, where both are known.
    """
    if clock is None or clock.origin_utc_us is None:
        return None
    sample, tick_ms = record[0], record[1]
    if sample >= SAMPLES_END:
        closed, closed_tick_ms = int(header["closed_sample"]), int(header["closed_tick_ms"])
        if max(tick_ms, closed_tick_ms) >= TICKS_END or closed >= SAMPLES_END:
            return None
        return int(clock.utc_us(closed)) - (closed_tick_ms - tick_ms) * 1000
    return int(clock.utc_us(sample))


def _each_record(pages: Array, kind: int) -> Iterator[tuple[Any, int, Any]]:
    """(header, place in its page, record as a tuple) of all records of a kind in the stream of steps."""
    pages = pages[(pages["kind"] == kind) & (pages["stream"] == page.STREAM_STEPS)]
    index, records = protocol.records(pages, kind)
    places = np.arange(len(index)) - np.searchsorted(index, index)
    for of, place, record in zip(index.tolist(), places.tolist(), records.tolist(), strict=True):
        yield pages[of], place, record


def _origin_of(header: Any) -> str:
    return ORIGINS.get(int(header["origin"]), "unknown")


def _asleep_ms(pages: Array) -> list[tuple[int, int]]:
    """(first, last) tick of each stretch in which the pod slept, as far as sound pages of its boot tell."""
    found: list[tuple[int, int]] = []
    for header, _, (sample, lost, cause, _) in _each_record(pages, page.KIND_GAP):
        rate_mhz, closed = int(header["rate_mhz"]), int(header["closed_sample"])
        known = RATE_MHZ_RANGE[0] <= rate_mhz <= RATE_MHZ_RANGE[1] and max(sample, lost, closed) < SAMPLES_END
        if cause == page.GAP_ASLEEP and known and header["closed_tick_ms"] < TICKS_END:
            last = int(header["closed_tick_ms"]) - (closed - sample - lost) * 1_000_000 // rate_mhz
            found.append((last - lost * 1_000_000 // rate_mhz, last))
    return found


def _mark_records(pages: Array, utc_us: Callable[[Any, Any], int | None]) -> list[MarkRecord]:
    """The marks in sound pages; `utc_us` dates a record by its page's header."""
    return [
        MarkRecord(
            int(header["number"]),
            place,
            utc_us(header, record),
            MARK_SOURCES.get(record[3], "unknown"),
            record[5],
            _origin_of(header),
        )
        for header, place, record in _each_record(pages, page.KIND_MARK)
    ]


def _cues(pages: Array, clock: Clock | None) -> list[CueRecord]:
    """The cues in a session's sound pages, in the order in which they were written."""
    found: list[CueRecord] = []
    for header, _, record in _each_record(pages, page.KIND_CUE):
        target, cadence, outcome, run, share = record[2:7]
        found.append(
            CueRecord(
                _record_in_session_utc_us(header, record, clock),
                None if target == page.UNKNOWN_U16 else target,
                None if cadence == page.UNKNOWN_U16 else cadence,
                CUE_OUTCOMES.get(outcome, "unknown"),
                None if run == page.UNKNOWN_U8 else run,
                None if share == page.UNKNOWN_U8 else share,
            )
        )
    return found


def _by_session(pages: Array, kind: int) -> list[tuple[int, Any]]:
    """(session, record as a tuple) of all records of a kind."""
    pages = pages[pages["kind"] == kind]
    index, records = protocol.records(pages, kind)
    return list(zip(pages["session"][index].tolist(), records.tolist(), strict=True))


def _usual(values: Array, sensible: Callable[[int], bool]) -> int | None:
    """The sensible value that most pages have, the lowest on a tie; None: none of them is."""
    found, counts = np.unique(values, return_counts=True)
    ranked = sorted(
        (-count, value)
        for value, count in zip(found.tolist(), counts.tolist(), strict=True)
        if sensible(value)
    )
    return ranked[0][1] if ranked else None


def _origin(values: Array) -> str:
    """A session of more than one origin is of none that we know: simulated steps never pass for measured ones."""
    found = np.unique(values).tolist()
    return ORIGINS.get(found[0], "unknown") if len(found) == 1 else "unknown"


def _step_records(pages: Array) -> tuple[npt.NDArray[np.float64], Array]:
    """Contacts of a session in order: sample numbers with their fraction, and the records, (n,) each."""
    pages = pages[pages["kind"] == page.KIND_STEPS]
    index, records = protocol.records(pages, page.KIND_STEPS)
    ic = pages["first_sample"][index].astype(np.float64) + records["ic"] / 256
    order = np.argsort(ic, kind="stable")
    return ic[order], records[order]


def _first_and_last(pages: Array, ic: npt.NDArray[np.float64]) -> tuple[int, int, bool]:
    """First and last sample of a session, and whether it has no end record yet."""
    starts = [r[0] for _, r in _by_session(pages, page.KIND_SESSION_START) if r[0] < SAMPLES_END]
    ends = [r[0] for _, r in _by_session(pages, page.KIND_SESSION_END) if r[0] < SAMPLES_END]
    both = np.concatenate((pages["first_sample"], pages["closed_sample"]))
    seen = both[both < SAMPLES_END].tolist()
    first = min([*(starts or seen or [0]), *ic[:1].astype(np.int64).tolist()])
    last = max([first, *(ends or seen), *np.ceil(ic[-1:]).astype(np.int64).tolist()])
    return first, last, not ends


def _within_reach(pages: Array, rate_mhz: int) -> npt.NDArray[np.bool_]:
    """Which sound pages lie near the middle one of their session, and end near where they begin, shape (n,).

    So do the records that say where the session begins and ends, marks and cues. A sample that is not known is no
    contradiction.
    """
    fits = np.ones(len(pages), np.bool_)
    known = pages["first_sample"] < SAMPLES_END
    if not known.any():
        return fits
    first = np.where(known, pages["first_sample"], 0).astype(np.int64)
    ends = pages["closed_sample"] < SAMPLES_END
    closed = np.where(ends, pages["closed_sample"], 0).astype(np.int64)
    middle = int(np.sort(first[known])[(int(known.sum()) - 1) // 2])
    reach, page_reach = (seconds * rate_mhz // 1000 for seconds in (REACH_S, PAGE_S))
    fits &= ~known | (np.abs(first - middle) <= reach)
    fits &= ~(known & ends) | (np.abs(closed - first) <= page_reach)
    for kind in (page.KIND_SESSION_START, page.KIND_SESSION_END, page.KIND_MARK, page.KIND_CUE):
        at = np.flatnonzero(pages["kind"] == kind)
        index, records = protocol.records(pages[at], kind)
        samples = records["sample"].tolist()
        far = [sample != page.UNKNOWN_U64 and abs(sample - middle) > reach for sample in samples]
        fits[at[index[far]]] = False
    return fits


def _marks(pages: Array) -> list[Mark]:
    """Where samples and ticks met."""
    fits = (pages["closed_sample"] < SAMPLES_END) & (pages["closed_tick_ms"] < TICKS_END)
    pairs = zip(pages["closed_sample"][fits].tolist(), pages["closed_tick_ms"][fits].tolist(), strict=True)
    return [Mark(*pair) for pair in sorted(set(pairs))]


def _times(clock: Clock | None, last: int, placed: bool) -> dict[str, Any]:
    if clock is None:
        return {
            "clock": "none",
            "start_utc_us": None,
            "end_utc_us": None,
            "duration_us": None,
            "anchors_dropped": 0,
        }
    duration_us = int(clock.elapsed_us(last))
    start_us = clock.origin_utc_us
    return {
        "clock": "placed" if placed and start_us is not None else clock.basis,
        "start_utc_us": start_us,
        "end_utc_us": None if start_us is None else start_us + duration_us,
        "duration_us": duration_us,
        "anchors_dropped": len(clock.dropped),
    }


def _raised(pages: Array, before: Array | None) -> dict[str, int]:
    """By how much each fault counter rose since the session `before` or the boot; those that did not are left out.

    What rose between two sessions is the later one's: a page that a full log dropped can tell no more itself. Samples
    clipped between them are nobody's, for no step was measured there.
    """
    base = {name: 0 if before is None else int(before[name].max()) for name in page.COUNTERS}
    base["clipped_samples"] = int(pages["clipped_samples"].min())
    rose = {name: int(pages[name].max()) - base[name] for name in page.COUNTERS}
    return {name: by for name, by in rose.items() if by > 0}


def _gaps(pages: Array, clock: Clock | None) -> list[list[int]]:
    """[[us since 1970 (or the session's start), us lost], ...] in order. A pod that sleeps loses nothing by it."""
    if clock is None:
        return []
    records = [
        r
        for _, r in _by_session(pages, page.KIND_GAP)
        if r[0] < SAMPLES_END and r[1] < SAMPLES_END and r[2] != page.GAP_ASLEEP
    ]
    return sorted([int(clock.utc_us(r[0])), round(r[1] * clock.us_per_sample)] for r in records)


def _steps(ic: npt.NDArray[np.float64], records: Array, clock: Clock | None) -> Array:
    """STORED of all contacts; none without a clock, since no time of theirs is known."""
    if clock is None:
        return np.empty(0, STORED)
    steps = np.zeros(len(ic), STORED)
    steps["ic_utc_us"] = clock.utc_us(ic)
    for name, source in (("contact_us", "contact"), ("stride_us", "stride")):
        us = np.rint(records[source] * (clock.us_per_sample / 256))
        steps[name] = np.where((records[source] == page.UNKNOWN_U32) | (us > INT32_MAX), -1, us)
    rise = records["rise_g_s"].astype(np.int64)
    steps["rise_g_s"] = np.where(rise > INT32_MAX, -1, rise)
    peak = records["peak_mg"].astype(np.int32)
    steps["peak_mg"] = np.where(peak == page.UNKNOWN_U16, -1, peak)
    steps["kind"] = records["kind"]
    steps["flags"] = records["flags"]
    return steps
