"""The main job without hardware: a simulated runner's season, a run of today through the chip, and a pod that runs now.

The past weeks are pages made by the firmware's own page and log. Today's run is played through the simulated chip,
Adafruit's driver and the detector. From then on a pod process (`simulate.live`) records in real time and sends all of
it as any pod does. Folder, ports and broker are the demo's own.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from strideload import days, report_day
from strideload.collect import tied
from strideload.deliver import Receiver, deliver
from strideload.errors import StrideloadError
from strideload.host import Host, open_host
from strideload.progress import Advance, Progress
from strideload.settings import FILE_NAME, RunnerSection, Settings, system_zone
from strideload.simulate.diary import keep_diary
from strideload.simulate.pod import Recorded, ScratchFiles, Take, record
from strideload.simulate.pod_folder import write_settings
from strideload.simulate.runner import Plan, Runner
from strideload.simulate.season import write_season
from strideload.simulate.watch import keep_activities
from strideload.up import Say, open_page, told_to_stop
from strideload.web.serve import PortBusy, Server
from strideload_pod.boards.on_linux import LOG_FOLDER, Files
from strideload_pod.page import STREAM_STEPS

UID = bytes.fromhex("5311de10ad000001")
RUNNER = "demo"
MARKER = "this folder is a demo of strideload"

ODR_HZ = 833  # what an impact peak needs; the run is short, so that it is played in seconds
TODAY_PLAN: Plan = [
    ("walk", 120.0, 5.6),
    ("run", 600.0, 10.4),
    ("stand", 30.0, 0.0),
    ("run", 240.0, 11.0),
    ("walk", 60.0, 5.2),
]
STUCK_S = 40.0  # without any page more of the run, the start of the pod counted in
STOPS_WITHIN_S = 10.0


def demo(
    *, once: bool, port: int | None, folder: Path | None, seed: int, say: Say, progress: Progress
) -> None:
    """Run until SIGINT or SIGTERM; with `once`, until today's summary is there and printed."""
    with ExitStack() as stack:
        stop = stack.enter_context(told_to_stop())
        settings = _settings(stack.enter_context(_folder(folder)))
        host = stack.enter_context(open_host(settings))
        server = None if once else stack.enter_context(_open_page(host, port, say))
        host.store.assign(UID.hex(), RUNNER, "left", 0)
        say("A season of training, simulated: ten weeks of pages from one pod.")
        with progress("Sending") as advance:
            _send_season(host, settings, seed, stack, advance)
        host.store.derive()
        today = days.today(host.store, RUNNER)
        keep_activities(host.store, RUNNER, today)
        keep_diary(host.store, RUNNER, today)
        pod_folder = settings.folder / "pod"
        say("Today's run, simulated: through chip, driver, detector and log.")
        with progress("Playing it") as advance:
            run = _record_today(host, pod_folder, seed, advance)
        if stop.is_set():
            return
        say("A pod runs now, and sends what it recorded.")
        stack.enter_context(_pod_process(pod_folder, seed))
        _wait_until_stored(host, run, stop)
        report_day.show(days.day_of(host.store, RUNNER, days.today(host.store, RUNNER)))
        if server is not None:
            say(f"\nThe page is at {server.url} and shows the pod running live. Ctrl-C ends the demo.")
            stop.wait()


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    """A folder that is only the demo's: a temporary one, or an empty one, or one that a demo had before."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="strideload-demo-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    marker = folder / "demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise StrideloadError(f"{folder} is not empty and no demo's; the demo touches nobody's data.")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(MARKER + "\n", encoding="utf-8")
    yield folder


def _settings(folder: Path) -> Settings:
    """Nothing of the user's own settings: the demo has its own folder, ports and broker."""
    runner = RunnerSection(id=RUNNER, name="Demo runner", time_zone=system_zone())
    file = folder / FILE_NAME
    if not file.exists():  # so that every command knows whose folder it is
        lines = [f"{name} = {json.dumps(value)}" for name, value in runner.model_dump().items()]
        file.write_text("\n".join(["[runner]", *lines, ""]), encoding="utf-8")
    return Settings(folder=folder.absolute(), runner=runner)


def _open_page(host: Host, port: int | None, say: Say) -> Server:
    """At the port that was asked for; by default the usual one, or a free one where that is taken."""
    try:
        return open_page(host, port, demo=True)
    except PortBusy as busy:
        if port is not None:
            raise
        say(f"Port {busy.port} is in use, so the page takes another.")
        return open_page(host, 0, demo=True)


def _send_season(host: Host, settings: Settings, seed: int, stack: ExitStack, advance: Advance) -> None:
    scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="strideload-season-"))
    files = ScratchFiles(Path(scratch))
    zone = ZoneInfo(settings.time_zone())
    today = days.today(host.store, RUNNER)
    write_season(Runner(seed), today, zone, files, UID, log_id=today.toordinal())
    deliver(Receiver(host.store, host.broker.address), UID, files, advance)


def _record_today(host: Host, folder: Path, seed: int, advance: Advance) -> Recorded:
    """Record the run that ended just now into the pod's folder -> (log, pages)."""
    today = datetime.now(UTC)
    session = Runner(seed).session(TODAY_PLAN, today.toordinal())
    settings = {"STRIDELOAD_ODR_HZ": ODR_HZ, "STRIDELOAD_ORIGIN": "simulated"}
    address = replace(host.broker.address, user=UID.hex(), password=host.broker.add_pod(UID.hex()))
    write_settings(folder, UID, host.store.store_id, address, settings)
    start = today - timedelta(seconds=session.duration_s)
    take = Take(session.source, int(start.timestamp() * 1000), session.duration_s, settings, noise=True)
    return record(take, UID, Files(folder / LOG_FOLDER), random.getrandbits(32) or 1, advance)


@contextmanager
def _pod_process(folder: Path, seed: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-I", "-S", tied.__file__, str(os.getpid())]
    command += [sys.executable, "-m", "strideload.simulate.live", str(folder), "--seed", str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_stored(host: Host, run: Recorded, stop: threading.Event) -> None:
    """Until the collector has all pages of the run, and they are derived. StrideloadError: no more of them come."""
    moved_s, arrived = time.monotonic(), 0
    while (wanted := host.store.wanted(UID.hex(), run.log, STREAM_STEPS)) < run.pages:
        if wanted != arrived:
            moved_s, arrived = time.monotonic(), wanted
        if time.monotonic() - moved_s > STUCK_S:
            raise StrideloadError(
                f"for {STUCK_S:.0f} s no page of today's run arrived, after {arrived} of {run.pages}."
            )
        if stop.wait(0.05):
            return
    host.store.derive()
