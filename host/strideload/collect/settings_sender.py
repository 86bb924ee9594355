"""Publishes what each pod is to have, retained, whoever changed it: the command line is a process of its own."""

import logging
import time
from collections.abc import Callable
from typing import Final

from strideload.collect.link import Link
from strideload.protocol import topics
from strideload.protocol.messages import CLEARED, settings_message
from strideload.store import Store, Wanted

LOOK_EVERY_S: Final = 1.0  # so late a mark may be asked for
# A mark belongs to its moment: a pod that hears of it later makes none.
MARK_HOLDS_S: Final = 60.0

log = logging.getLogger(__name__)


class SettingsSender:
    """`tend` is to be called often; it looks into the store now and then, and sends what the broker does not have.

    On a new connection all of it is sent again: the broker may have lost what it kept.
    """

    def __init__(self, store: Store, link: Link, now_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._link = link
        self._now_s = now_s
        self._looked_s: float | None = None
        self._connection: int | None = None
        self._sent: dict[str, bytes] = {}
        self._cued: set[str] = set()  # pods that were to have a cue when it last looked, or told of one

    def clear_state(self, pod: str) -> None:
        """What the broker keeps of this pod's state tells of a cue that is forgotten."""
        self._cued.add(pod)

    def tend(self) -> None:
        """StoreError: the store could not be read; the next look is as far away as ever."""
        connection = self._link.connection
        if connection is None:
            return
        if connection != self._connection:
            self._connection, self._sent, self._looked_s = connection, {}, None
        now_s = self._now_s()
        if self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now_s
        self._store.end_others_cues()
        newest = self._store.wanted_settings()
        due = {
            wanted.pod: (wanted.version, payload)
            for wanted in newest
            if self._sent.get(wanted.pod) != (payload := self._payload(wanted))
        }
        cued = {wanted.pod for wanted in newest if wanted.settings.cue}
        messages = [(topics.of_pod(pod, "settings"), payload) for pod, (_, payload) in due.items()]
        # Its runner may have been erased: what the pod said of the cue goes as well, until it speaks again.
        messages += [(topics.of_pod(pod, "state"), CLEARED) for pod in sorted(self._cued - cued)]
        if self._link.retain(connection, messages):
            self._cued = cued
            for pod, (version, payload) in due.items():
                self._sent[pod] = payload
                log.info("pod %s: settings sent, version %d", pod, version)

    def _payload(self, wanted: Wanted) -> bytes:
        age_s = time.time() - wanted.set_utc_us / 1e6
        holds = wanted.mark_code is not None and 0 <= age_s < MARK_HOLDS_S
        mark = (wanted.version, wanted.mark_code or 0) if holds else None
        return settings_message(self._store.store_id, wanted.version, wanted.settings, mark)
