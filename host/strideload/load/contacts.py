"""The contacts of a day that count, from every pod, in order of time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strideload.load.coverage import Coverage
from strideload.load.intervals import Intervals, contains
from strideload.load.steps import STEP, Session


@dataclass(frozen=True)
class Contacts:
    """Contacts with the foot of each and the steps that it stands for (1 or 2); all shape (n,)."""

    rows: NDArray[np.void]  # STEP
    foot: NDArray[np.str_]
    steps: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> "Contacts":
        return Contacts(self.rows[chosen], self.foot[chosen], self.steps[chosen])

    def of_kind(self, kind: int) -> "Contacts":
        return self.where(self.rows["kind"] == kind)

    @property
    def steps_estimated(self) -> int:
        """Those that stand for the foot without a pod as well."""
        return int(np.sum(self.steps[self.steps == 2]))

    @property
    def share(self) -> NDArray[np.float64]:
        """Of the runner's time and strides: one half while both feet are measured."""
        return self.steps / 2


def contacts_of(coverage: Coverage, within: Mapping[int, NDArray[np.void]]) -> Contacts:
    """What counts of each session's rows `within` the day, by session id."""
    rows: list[NDArray[np.void]] = [np.empty(0, STEP)]
    feet: list[NDArray[np.str_]] = [np.empty(0, "<U7")]
    for session, kept in zip(coverage.sessions, coverage.kept, strict=True):
        own = within[session.session_id]
        own = own[_held(session, kept, own["ic_utc_us"])]
        rows.append(own)
        feet.append(np.full(len(own), session.foot, "<U7"))
    every, foot = np.concatenate(rows), np.concatenate(feet)
    steps = np.where(contains(coverage.both_feet, every["ic_utc_us"]), 1, 2)
    order = np.argsort(every["ic_utc_us"], kind="stable")
    return Contacts(every[order], foot[order], steps[order])


def _held(session: Session, kept: Intervals, moments: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Contacts that the session's own time holds; one just outside of it counts as at its nearest end."""
    return contains(kept, np.clip(moments, session.start_utc_us, session.end_utc_us))
