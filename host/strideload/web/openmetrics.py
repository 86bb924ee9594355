"""How the host is doing, in the text form that Prometheus and its kin read. [OpenMetrics 1.0]

prometheus_client writes it: names, escapes and suffixes have rules that are its to know.
"""

import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, NamedTuple, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from strideload import __version__
from strideload.web.doors import HostFigures, PodFigures, Watch
from strideload.web.visitor import visitor

ADDRESS: Final = "/openmetrics"

Labelled = TypeVar("Labelled", GaugeMetricFamily, CounterMetricFamily)


def may_read_metrics(request: Request) -> None:
    """A program on this computer may, and whoever keeps the house. HTTPException 403."""
    if not request.state.arrival.at_home and not visitor(request).may("keep"):
        raise HTTPException(403, "The host's figures are for programs on this computer.")


def routes(watch: Watch) -> APIRouter:
    """The figures at ADDRESS."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    def metrics(_: Annotated[None, Depends(may_read_metrics)]) -> Response:
        return Response(exposition(watch.figures()), media_type=CONTENT_TYPE_LATEST)

    return router


def exposition(figures: HostFigures) -> bytes:
    """The figures as text. What is not known is left out."""
    return generate_latest(_Families(figures))


class _Families(NamedTuple):
    """What prometheus_client takes for a registry."""

    figures: HostFigures

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily(
            "strideload_build",
            "Which version runs.",
            {"version": __version__, "python": platform.python_version()},
        )
        yield from _host(self.figures)
        yield from _collecting(self.figures)
        yield from _pods(self.figures["pods"])


def _host(figures: HostFigures) -> Iterator[Metric]:
    yield _gauge("strideload_well", "1 while nothing holds up collecting.", figures["well"])
    yield _by(
        GaugeMetricFamily("strideload_thread_alive", "1 while this thread lives.", labels=["thread"]),
        {(name,): alive for name, alive in figures["threads"].items()},
    )
    yield _gauge(
        "strideload_broker_connected", "1 while the broker has agreed to send.", figures["broker_connected"]
    )
    yield CounterMetricFamily(
        "strideload_broker_restarts",
        "Starts of the managed broker after it had ended.",
        figures["broker_restarts"],
    )
    yield CounterMetricFamily(
        "strideload_mqtt_thread_deaths",
        "Deaths of the thread that reads from the broker; each was replaced.",
        figures["connection_thread_deaths"],
    )
    yield _gauge("strideload_store_bytes", "Size of the database.", figures["store_bytes"], "bytes")
    yield _gauge(
        "strideload_disk_free_bytes", "Free where the store lies.", figures["disk_free_bytes"], "bytes"
    )
    yield _gauge(
        "strideload_disk_used_bytes", "Used where the store lies.", figures["disk_used_bytes"], "bytes"
    )


def _collecting(figures: HostFigures) -> Iterator[Metric]:
    yield _by(
        CounterMetricFamily(
            "strideload_pages", "Pages that came since the start, by what became of them.", labels=["outcome"]
        ),
        {(name,): count for name, count in figures["pages"].items()},
    )
    yield _by(
        CounterMetricFamily(
            "strideload_refused",
            "Pages and messages that were kept aside or let go of, by reason, since the store began.",
            labels=["reason"],
        ),
        {(reason,): count for reason, count in figures["refused"].items()},
    )
    yield CounterMetricFamily(
        "strideload_deliveries_failed", "Messages that could not be taken in.", figures["deliveries_failed"]
    )
    yield _gauge(
        "strideload_pages_waiting",
        "Pages that pods had when they last spoke and the store has not.",
        figures["pages_waiting"],
    )
    yield _gauge(
        "strideload_sessions_due", "Sessions with pages that are not derived yet.", figures["sessions_due"]
    )
    yield _gauge(
        "strideload_last_page_age_seconds",
        "Since a new page was stored; absent until one was since the start.",
        figures["last_page_age_s"],
        "seconds",
    )


def _pods(pods: Sequence[PodFigures]) -> Iterator[Metric]:
    yield _by(
        GaugeMetricFamily("strideload_pod_online", "1 while the pod is connected.", labels=["pod"]),
        {(pod["pod"],): pod["online"] for pod in pods},
    )
    yield _by(
        GaugeMetricFamily(
            "strideload_pod_last_seen_age_seconds", "Since the pod was heard.", labels=["pod"], unit="seconds"
        ),
        {(pod["pod"],): pod["last_seen_age_s"] for pod in pods},
    )
    yield _by(
        GaugeMetricFamily(
            "strideload_pod_battery_volts", "As the pod said last.", labels=["pod"], unit="volts"
        ),
        {(pod["pod"],): pod["battery_mv"] and pod["battery_mv"] / 1000 for pod in pods},
    )
    yield _by(
        CounterMetricFamily(
            "strideload_pod_faults", "Since the pod's boot, by the counter's name.", labels=["pod", "fault"]
        ),
        {(pod["pod"], name): count for pod in pods for name, count in pod["faults"].items()},
    )


def _by(family: Labelled, values: Mapping[tuple[str, ...], float | None]) -> Labelled:
    """A family with a sample for each value that is known."""
    for labels, value in values.items():
        if value is not None:
            family.add_metric(labels, value)
    return family


def _gauge(name: str, words: str, value: float | None, unit: str = "") -> GaugeMetricFamily:
    """Without a value it has no sample."""
    family = GaugeMetricFamily(name, words, labels=[], unit=unit)
    if value is not None:
        family.add_metric([], value)
    return family
