"""What a pod said of itself: its last state and sessions as the store has them, and the console of one plugged in."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from strideload.errors import StrideloadError
from strideload.store import Store
from strideload.store.reading import PodSession
from strideload.web.pod_words import meaning

SESSIONS_SHOWN: Final = 10
RECORDING: Final[dict[bool | None, str]] = {True: "recording", False: "NOT recording", None: "not known"}
# Who told the pod the time, by its own word for it.
CLOCKS: Final = {
    "ntp": "by a time server",
    "host": "by its host",
    "rtc": "by a clock on the board",
    "operator": "given by hand",
}
READ_S: Final = 0.2
LINE_LIMIT: Final = 4096  # bytes without an end of line: then it is shown as it is


@dataclass(frozen=True)
class PodLog:
    """`state`: the last one that the pod sent, None: none. `waiting`: pages it had then, and this host has not now.

    `last_seen_utc_us`: None where the pod itself never reached this host.
    """

    pod: str
    runner: str | None
    foot: str
    last_seen_utc_us: int | None
    state: dict[str, Any] | None
    waiting: int | None
    sessions: list[PodSession]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def in_words(self, now_utc_us: int) -> str:
        seen_utc_us = self.last_seen_utc_us
        heard = (
            "it was never heard" if seen_utc_us is None else f"last heard of {_ago(seen_utc_us, now_utc_us)}"
        )
        head = f"Pod {self.pod}, {self.foot} foot of {self.runner}; {heard}."
        return "\n".join([head, *self._state_words(), *self._session_words()])

    def _state_words(self) -> Iterator[str]:
        state = self.state
        if state is None:
            yield "  It never said how it is; its pages came by `strideload import`, or from a recording."
            return
        recording = RECORDING[state.get("recording")]
        if state.get("why_not"):
            recording += f" ({state['why_not']})"
        yield f"  state     {recording}, firmware {state.get('firmware', '?')}, {state.get('chip', '?')}"
        battery_mv = state.get("battery_mv")
        yield f"  battery   {f'{battery_mv} mV' if battery_mv is not None else 'not measured'}"
        yield f"  room      {state.get('free_pages', '?')} pages free, {self.waiting} wait for this host"
        source = (state.get("clock") or {}).get("source")
        yield f"  clock     {CLOCKS.get(source, f'by {source}') if source else 'not known to it'}"
        for name, count in state.get("faults", {}).items():
            if count:
                yield f"  {name:<18} {count:>6}  {meaning(name)}"

    def _session_words(self) -> Iterator[str]:
        if not self.sessions:
            yield "  No session of it is in the store."
            return
        count = len(self.sessions)
        yield "  Its last session:" if count == 1 else f"  The last {count} sessions, the newest first:"
        yield "  began (UTC)            min  strides  gaps  lost s  pages lost"
        for one in self.sessions:
            lost_s = sum(lost for _, lost in one.gaps) / 1e6
            minutes = "?" if one.duration_us is None else f"{one.duration_us / 60e6:.1f}"
            still = "  still open" if one.open else ""
            yield (
                f"  {_when(one.start_utc_us):<20} {minutes:>5}  {one.strides:>7}  {len(one.gaps):>4}  {lost_s:>6.1f}  "
                f"{one.pages_lost:>10}{still}"
            )
            for name, count in one.faults.items():
                if count:
                    yield f"      {name} {count}: {meaning(name)}"


def logs(store: Store, pod: str | None) -> list[PodLog]:
    """Of one pod, or of all that were heard of. StrideloadError: there is none."""
    store.derive()
    rows = [row for row in store.pods() if pod is None or row.pod == pod]
    if not rows:
        known = ", ".join(row.pod for row in store.pods())
        what = f"Pod {pod} was never heard of" if pod else "No pod was heard of yet"
        raise StrideloadError(
            f"{what}; {f'there are {known}' if known else 'let one sync, or import its log'}."
        )
    now_utc_us = time.time_ns() // 1000
    found: list[PodLog] = []
    for row in rows:
        wearing = store.wearing(row.pod, now_utc_us)
        found.append(
            PodLog(
                pod=row.pod,
                runner=wearing.runner,
                foot=wearing.foot,
                last_seen_utc_us=row.last_seen_utc_us,
                state=row.state,
                waiting=_waiting(store, row.pod, row.state),
                sessions=store.last_sessions_of(row.pod, SESSIONS_SHOWN),
            )
        )
    return found


def _waiting(store: Store, pod: str, state: dict[str, Any] | None) -> int | None:
    if state is None:
        return None
    log = int(state["log"], 16)  # the collector lets only a well-formed state in
    held = state.get("streams", {}).items()
    return sum(max(0, one["next"] - store.wanted(pod, log, int(stream))) for stream, one in held)


def follow(port: str, say: Callable[[str], None]) -> None:
    """What the board at a port prints, as it comes, until Ctrl-C or until it is pulled. Nothing is sent to it."""
    import serial

    try:
        opened = serial.Serial(port, 115200, timeout=READ_S, exclusive=True)
    except (OSError, ValueError) as error:
        raise StrideloadError(
            f"{port} cannot be opened ({error}): is the pod plugged in, and no other program using it?"
        ) from error
    line = b""
    with opened:
        while True:
            try:
                line += opened.read(max(1, opened.in_waiting))
            except OSError as error:
                raise StrideloadError(f"The pod at {port} is gone.") from error
            *whole, line = line.split(b"\n")
            for one in whole:
                say(_plain(one))
            if len(line) > LINE_LIMIT:
                say(_plain(line))
                line = b""


def _plain(line: bytes) -> str:
    """A line without what a terminal would obey."""
    text = line.decode("utf-8", errors="replace").rstrip("\r")
    return "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in text)


def _when(utc_us: int | None) -> str:
    if utc_us is None:
        return "not dated"
    return datetime.fromtimestamp(utc_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _ago(utc_us: int, now_utc_us: int) -> str:
    minutes = (now_utc_us - utc_us) / 60e6
    if minutes < 0:
        return "at a time that is not yet: this computer's clock was set back"
    if minutes < 1:
        return "just now"
    for limit, size, name in ((90, 1, "minutes"), (48 * 60, 60, "hours"), (float("inf"), 1440, "days")):
        if minutes < limit:
            return f"{minutes / size:.0f} {name} ago"
    raise AssertionError
