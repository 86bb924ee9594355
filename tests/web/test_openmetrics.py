"""The figures of a host: in OpenMetrics' form, for this computer's programs only, and nothing of a runner in them."""

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from collect.pod import make_pages
from collect.talker import Talker
from strideload import __version__
from strideload.host import open_host
from strideload.page_doors import HostWatch
from strideload.settings import load_settings
from strideload.store import open_store
from strideload.web import openmetrics
from strideload.web.app import make_app
from strideload.web.doors import Doors, HostFigures, Watch
from support import tools
from support.waiting import until
from web.house import POD, House

FIGURES = HostFigures(
    well=False,
    threads={"mqtt": True, "collector": True, "derive": False},
    broker_connected=True,
    connection_thread_deaths=2,
    deliveries_failed=0,
    broker_restarts=3,
    pages={"stored": 12, "repeated": 1, "conflicting": 0, "lost": 4, "erased": 0},
    refused={'no page, or its "CRC" is wrong\n': 5},
    pages_waiting=None,
    sessions_due=6,
    last_page_age_s=7.5,
    store_bytes=8192,
    disk_free_bytes=10**12,
    disk_used_bytes=3,
    pods=[
        {
            "pod": POD,
            "online": True,
            "battery_mv": 3900,
            "last_seen_age_s": None,
            "faults": {"fifo_overruns": 9},
        }
    ],
)


class Watched:
    def figures(self) -> HostFigures:
        return FIGURES


WATCHED = Watched()


def read(text: str) -> dict[str, float]:
    """Each sample, by its name with its labels, by OpenMetrics' reference parser."""
    return {
        f"{sample.name}{dict(sorted(sample.labels.items())) or ''}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def get(host: str, headers: dict[str, str] | None = None, watch: Watch | None = WATCHED) -> httpx.Response:
    """The answer to a program at that address."""
    house = House()
    with TemporaryDirectory() as folder, open_store(Path(folder) / "store.db") as store:
        store.ensure_runner("me", "Me", "UTC")
        app = make_app(Doors(store, house, lambda _: house, "me", watch=watch))
        with TestClient(app, base_url="http://localhost", client=(host, 5)) as asking:
            return asking.get("/openmetrics", headers=headers)


def test_the_reference_parser_reads_every_figure() -> None:
    answer = get("127.0.0.1")
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.headers["cache-control"] == "no-store"
    found = read(answer.text)
    (build,) = [name for name in found if name.startswith("strideload_build_info")]
    assert f"'version': '{__version__}'" in build
    del found[build]
    assert found == {
        "strideload_well": 0,
        "strideload_thread_alive{'thread': 'mqtt'}": 1,
        "strideload_thread_alive{'thread': 'collector'}": 1,
        "strideload_thread_alive{'thread': 'derive'}": 0,
        "strideload_broker_connected": 1,
        "strideload_broker_restarts_total": 3,
        "strideload_mqtt_thread_deaths_total": 2,
        "strideload_deliveries_failed_total": 0,
        "strideload_pages_total{'outcome': 'stored'}": 12,
        "strideload_pages_total{'outcome': 'repeated'}": 1,
        "strideload_pages_total{'outcome': 'conflicting'}": 0,
        "strideload_pages_total{'outcome': 'lost'}": 4,
        "strideload_pages_total{'outcome': 'erased'}": 0,
        """strideload_refused_total{'reason': 'no page, or its "CRC" is wrong\\n'}""": 5,
        "strideload_sessions_due": 6,
        "strideload_last_page_age_seconds": 7.5,
        "strideload_store_bytes": 8192,
        "strideload_disk_free_bytes": 1e12,
        "strideload_disk_used_bytes": 3,
        f"strideload_pod_online{{'pod': '{POD}'}}": 1,
        f"strideload_pod_battery_volts{{'pod': '{POD}'}}": 3.9,
        f"strideload_pod_faults_total{{'fault': 'fifo_overruns', 'pod': '{POD}'}}": 9,
    }


def test_every_figure_is_documented() -> None:
    document = (Path(__file__).parents[2] / "docs" / "home.md").read_text()
    full: Any = FIGURES | {"pages_waiting": 1}
    full["pods"] = [FIGURES["pods"][0] | {"last_seen_age_s": 1.0}]
    families = text_string_to_metric_families(openmetrics.exposition(full).decode())
    for family in families:
        assert all(f"`{sample.name}`" in document for sample in family.samples), family.name


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.8.9.10", {}, 200),
        ("::1", {}, 200),
        ("192.168.1.5", {}, 403),
        ("fe80::1", {}, 403),
        ("a name", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
    ],
)
def test_only_a_program_on_this_computer_may_read_them(
    host: str, headers: dict[str, str], status: int
) -> None:
    answer = get(host, headers)
    assert answer.status_code == status
    assert ("strideload_well" in answer.text) == (status == 200)


@pytest.mark.parametrize(
    ("runner", "scope", "status"), [("me", "keep", 200), ("me", "read", 403), ("bob", "keep", 403)]
)
def test_from_elsewhere_whoever_keeps_the_house_may_read_them(
    tmp_path: Path, runner: str, scope: str, status: int
) -> None:
    house = House()
    with open_store(tmp_path / "store.db") as store:
        for one in ("me", "bob"):
            store.ensure_runner(one, one, "UTC")
        secret = store.keys.add_token(runner, "watch", [scope], 1, None)
        app = make_app(Doors(store, house, lambda _: house, "me", watch=WATCHED))
        with TestClient(app, base_url="https://localhost", client=("192.0.2.7", 5)) as asking:
            answer = asking.get("/openmetrics", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == status


def test_a_page_without_a_host_has_none() -> None:
    assert get("127.0.0.1", watch=None).status_code == 404


def test_a_running_host_counts_what_happens_to_it(tmp_path: Path) -> None:
    """Pages, what was refused, a broker that was killed; nothing of the runner but the pod's id."""
    tools.program("mosquitto")
    (tmp_path / "strideload.toml").write_text('[runner]\nname = "Xanthippe"\nid = "xanthippe"\n')
    with open_host(load_settings(tmp_path)) as host:
        watch = HostWatch(host)
        until(lambda: watch.figures()["broker_connected"])
        assert watch.figures()["last_page_age_s"] is None
        with Talker(host.broker.address) as pod:
            pod.publish(f"strideload/pod/{POD}/pages", *make_pages(4, pod=POD), b"no page")
            until(lambda: sum(watch.figures()["refused"].values()) == 1)
        assert host.broker.pid is not None
        os.kill(host.broker.pid, signal.SIGKILL)
        until(lambda: watch.figures()["broker_restarts"] == 1 and watch.figures()["broker_connected"])
        until(lambda: watch.figures()["sessions_due"] == 0)
        text = openmetrics.exposition(watch.figures()).decode()
    found = read(text)
    assert found["strideload_pages_total{'outcome': 'stored'}"] == 4
    assert found["strideload_refused_total{'reason': 'length is not a multiple of 512'}"] == 1
    assert all(found[f"strideload_thread_alive{{'thread': '{name}'}}"] for name in FIGURES["threads"])
    assert found["strideload_store_bytes"] > 10_000
    assert found["strideload_last_page_age_seconds"] < 600
    assert "xanthippe" not in text.lower()
