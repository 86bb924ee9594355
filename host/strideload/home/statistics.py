"""Days into Home Assistant's long-term statistics, each on its own date, whenever its run was synced.

A state carries the time at which it was received, so a run that comes late would lie on the wrong day. Statistics of an
external source lie where they are put: one row a known day, at noon of the runner's day, which is the same date in
all but the farthest zones. Home Assistant itself is asked what it has, and only what differs is sent.
[Home Assistant, WebSocket API: recorder/statistics_during_period, import_statistics, clear_statistics]
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isclose
from pathlib import Path
from typing import Any, Final

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from strideload.errors import StrideloadError
from strideload.home.facts import RunnerAtHome, RunnerDay

SOURCE: Final = "strideload"
TIMEOUT_S: Final = 15.0
TOKEN_BYTES: Final = 4096
ROWS_A_MESSAGE: Final = 400
ROWS_AGREE: Final = 1e-6  # relative
NOON: Final = timedelta(hours=12)

# The first version that knows `mean_type` and `unit_class`; older ones refuse both, and newer ones will ask for them.
MEAN_TYPE_SINCE: Final = (2025, 11)
ARITHMETIC: Final = 1  # homeassistant.components.recorder.models.StatisticMeanType

# The library logs every frame at DEBUG, the token's as well.
_frames = logging.getLogger(f"{__name__}.frames")
_frames.setLevel(logging.WARNING)


class StatisticsError(StrideloadError):
    """Home Assistant was not reached, or refused; in words that name no token."""


@dataclass(frozen=True)
class Figure:
    """A figure of a day that goes into statistics. `unit_class`: by which Home Assistant converts it."""

    key: str
    name: str
    unit: str
    field: str
    divisor: float = 1.0
    unit_class: str | None = None


FIGURES: Final = (
    Figure("running_time", "running time", "min", "running_s", 60.0, "duration"),
    Figure("walking_time", "walking time", "min", "walking_s", 60.0, "duration"),
    Figure("steps", "steps", "steps", "steps"),
    Figure("cadence", "cadence", "steps/min", "cadence_spm"),
    Figure("impact", "cumulative impact", "g", "impact_sum_g"),
)


@dataclass(frozen=True)
class Series:
    """One figure of one runner, by the hour that each value lies in."""

    id: str
    name: str
    figure: Figure
    since: datetime  # from when on nothing else should be there
    values: Mapping[datetime, float]


def series_of(runner: RunnerAtHome, days: Sequence[RunnerDay]) -> list[Series]:
    """What Home Assistant should have of these days, in order; a figure that is not known is no row."""
    if not days:
        return []
    return [
        Series(
            id=f"{SOURCE}:{runner.id}_{figure.key}",
            name=f"Strideload {runner.name} {figure.name}",
            figure=figure,
            since=days[0].start.astimezone(UTC),
            values={
                _hour_of(day): round(value / figure.divisor, 3)
                for day in days
                if (value := getattr(day, figure.field)) is not None
            },
        )
        for figure in FIGURES
    ]


def _hour_of(day: RunnerDay) -> datetime:
    """The whole hour of UTC at or before the day's noon."""
    noon = day.start.astimezone(UTC) + NOON
    return noon.replace(minute=0, second=0, microsecond=0)


class Statistics:
    """Home Assistant's statistics at `url`, with the token that lies in `token_file`. A connection for each call."""

    def __init__(self, url: str, token_file: Path) -> None:
        self._url = url
        self._token_file = token_file

    def bring_up_to_date(self, wanted: Sequence[Series]) -> int:
        """Send what differs -> rows sent. StatisticsError.

        Of a series that has a row too many, such as of a day that was erased, all rows are sent anew: Home Assistant
        takes no single one away.
        """
        with self._session() as session:
            return sum(self._bring(session, series) for series in wanted)

    def clear(self, ids: Sequence[str]) -> None:
        """Take these statistics away altogether. StatisticsError."""
        with self._session() as session:
            session.ask("recorder/clear_statistics", statistic_ids=list(ids))

    def _bring(self, session: "_Session", series: Series) -> int:
        there = session.values_of(series.id, series.since)
        due = dict(series.values)
        if there.keys() - due.keys():
            session.ask("recorder/clear_statistics", statistic_ids=[series.id])
        else:
            due = {hour: value for hour, value in due.items() if not _same(there.get(hour), value)}
        for rows in _portions(due):
            session.ask("recorder/import_statistics", metadata=session.metadata(series), stats=rows)
        return len(due)

    @contextmanager
    def _session(self) -> Iterator["_Session"]:
        token = self._token()
        try:
            with connect(self._url, open_timeout=TIMEOUT_S, close_timeout=1.0, logger=_frames) as line:
                yield _Session(line, token)
        except (OSError, WebSocketException, TimeoutError) as error:
            raise StatisticsError(
                f"Home Assistant at {self._url} is not reached: {str(error) or type(error).__name__}"
            ) from error

    def _token(self) -> str:
        try:
            with self._token_file.open("rb") as file:
                token = file.read(TOKEN_BYTES).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no token"
            raise StatisticsError(f"{self._token_file} cannot be read: {reason}") from None
        if not token:
            raise StatisticsError(f"{self._token_file} is empty; it should hold a long-lived access token")
        return token


class _Session:
    """A connection on which we were let in."""

    def __init__(self, line: Connection, token: str) -> None:
        self._line = line
        self._last_id = 0
        greeting = self._receive()
        if greeting.get("type") != "auth_required":
            raise StatisticsError("what answers is no Home Assistant: it asks for no token")
        self._version = _version(greeting.get("ha_version"))
        self._send({"type": "auth", "access_token": token})
        if self._receive().get("type") != "auth_ok":
            raise StatisticsError("Home Assistant does not take the token; make a new one in your profile")

    def ask(self, command: str, **words: Any) -> Any:
        """The result of a command. StatisticsError: it was refused."""
        self._last_id += 1
        self._send({"id": self._last_id, "type": command, **words})
        answer = self._receive()
        while answer.get("id") != self._last_id:  # an event, or a late word of something else
            answer = self._receive()
        if answer.get("success") is not True:
            error = answer.get("error")
            code = str(error.get("code"))[:40] if isinstance(error, dict) else "no reason"
            hint = "; the token's user has to be an administrator" if code == "unauthorized" else ""
            raise StatisticsError(f"Home Assistant refuses {command}: {code}{hint}")
        return answer.get("result")

    def values_of(self, statistic: str, since: datetime) -> dict[datetime, float | None]:
        """What is there from `since` on, by hour."""
        found = self.ask(
            "recorder/statistics_during_period",
            start_time=since.isoformat(),
            statistic_ids=[statistic],
            period="hour",
            types=["mean"],
        )
        try:
            return {
                datetime.fromtimestamp(row["start"] / 1000, UTC): row.get("mean")
                for row in found.get(statistic, [])
            }
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise StatisticsError(
                "Home Assistant's answer to statistics_during_period is not understood"
            ) from None

    def metadata(self, series: Series) -> dict[str, Any]:
        known: dict[str, Any] = {
            "has_sum": False,
            "name": series.name,
            "source": SOURCE,
            "statistic_id": series.id,
            "unit_of_measurement": series.figure.unit,
        }
        if self._version >= MEAN_TYPE_SINCE:
            return known | {"mean_type": ARITHMETIC, "unit_class": series.figure.unit_class}
        return known | {"has_mean": True}

    def _send(self, message: Mapping[str, Any]) -> None:
        self._line.send(json.dumps(message))

    def _receive(self) -> dict[str, Any]:
        try:
            found = json.loads(self._line.recv(timeout=TIMEOUT_S))
        except ValueError:
            raise StatisticsError("what answers is no Home Assistant: its words are not JSON") from None
        if not isinstance(found, dict):
            raise StatisticsError("what answers is no Home Assistant: its words are no object")
        return found


def _version(said: object) -> tuple[int, int]:
    """ "2025.4.4" -> (2025, 4)."""
    year, month = [*str(said).split("."), "", ""][:2]
    if not (year.isdecimal() and month.isdecimal()):
        raise StatisticsError("Home Assistant does not say which version it is")
    return int(year), int(month)


def _same(there: float | None, value: float) -> bool:
    return there is not None and isclose(there, value, rel_tol=ROWS_AGREE, abs_tol=ROWS_AGREE)


def _portions(values: Mapping[datetime, float]) -> Iterator[list[dict[str, Any]]]:
    rows = [
        {"start": hour.isoformat(), "mean": value, "min": value, "max": value}
        for hour, value in sorted(values.items())
    ]
    for first in range(0, len(rows), ROWS_A_MESSAGE):
        yield rows[first : first + ROWS_A_MESSAGE]
