"""A whole house of real processes: a broker, a collector and a pod, each of which can be killed and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from strideload.settings import load_settings
from strideload.simulate.pod import ScratchFiles
from strideload.store import open_store
from strideload_pod import page as pages
from strideload_pod.boards.on_linux import LOG_FOLDER, SETTINGS_NAME
from strideload_pod.log import Log
from strideload_pod.page import PAGE_SIZE, Page
from support.mosquitto import Mosquitto
from support.waiting import PATIENCE_S, until

UID = bytes.fromhex("00000000c0ffee01")
CAPACITY_PAGES = 4096
# A host without its page, which would be most of its start.
HOST = """
import signal, sys
from pathlib import Path
from strideload.host import open_host
from strideload.settings import load_settings
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with open_host(load_settings(Path(sys.argv[1]))):
    while True:
        signal.pause()
"""


def fill_log(folder: Path, count: int) -> None:
    """A pod's log with `count` pages of steps in it, each different."""
    log = Log(ScratchFiles(folder), UID, CAPACITY_PAGES, lambda: 0x5EED)
    page = Page(UID)
    page.fields["boot"] = log.boot
    page.fields["session"] = 7
    for number in range(count):
        page.open(pages.KIND_STEPS, number * 1000)
        page.add(256, 25_000, 75_000, 400, 9_000 + number, pages.STEP_KIND_RUN, 0, 0)
        log.append(page, number * 1000 + 999, number * 10_000)


class House:
    """Broker, collector and pod in `folder`; `kill` and `start` take their names."""

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder / "broker")
        self.host_folder = folder / "host"
        self.pod_folder = folder / "pod"
        self.host_folder.mkdir(parents=True)
        self.pod_folder.mkdir()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        (self.host_folder / "strideload.toml").write_text(
            f'[broker]\nhost = "{self.broker.host}"\nport = {self.broker.port}\n'
        )
        with open_store(load_settings(self.host_folder).store_url()) as store:
            self.store_id = store.store_id
        settings = {
            "STRIDELOAD_POD_ID": UID.hex(),
            "STRIDELOAD_STORE": self.store_id,
            "STRIDELOAD_LOG_PAGES": CAPACITY_PAGES,
            "STRIDELOAD_ODR_HZ": 833,  # the FIFO is read every 76 ms, and a message sent each time
            "STRIDELOAD_ORIGIN": "simulated",
            "STRIDELOAD_BROKER_HOST": self.broker.host,
            "STRIDELOAD_BROKER_PORT": self.broker.port,
        }
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (self.pod_folder / SETTINGS_NAME).write_text("".join(lines))

    @property
    def log_folder(self) -> Path:
        return self.pod_folder / LOG_FOLDER

    def start(self, name: str) -> None:
        if name == "broker":
            self.broker.start()
        elif name == "collector":
            self._spawn(name, "-c", HOST, str(self.host_folder))
        else:
            self._spawn(name, "-m", "strideload.simulate.live", str(self.pod_folder), "--plan", "stand:60")

    def kill(self, name: str) -> None:
        """SIGKILL: a plug that is pulled."""
        if name == "broker":
            self.broker.kill()
        else:
            process = self._processes.pop(name)
            process.kill()
            process.wait(PATIENCE_S)

    def stop(self) -> None:
        """End all that still runs, each by its own process id."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(PATIENCE_S)
        self.broker.stop()

    def stored(self) -> dict[int, bytes]:
        """number -> bytes of all pages in the store, read beside the collector."""
        return dict(self._read("SELECT number, bytes FROM pages"))

    def count(self) -> int:
        return int(self._read("SELECT count(*) FROM pages")[0][0])

    def table(self, name: str) -> list[tuple[object, ...]]:
        return self._read(f"SELECT * FROM {name}")

    def written(self) -> dict[int, bytes]:
        """number -> bytes of all whole pages in the pod's log."""
        found: dict[int, bytes] = {}
        for file in sorted(self.log_folder.glob("*.seg")):
            data = file.read_bytes()
            for at in range(0, len(data) - PAGE_SIZE + 1, PAGE_SIZE):
                if pages.is_whole(data[at : at + PAGE_SIZE]):
                    found[pages.key(data[at : at + PAGE_SIZE])[3]] = data[at : at + PAGE_SIZE]
        return found

    def wait_for(self, count: int) -> None:
        """Until the store has so many pages."""
        try:
            until(lambda: self.count() >= count)
        except AssertionError as error:
            raise AssertionError(f"{self.count()} of {count} pages; {self._words()}") from error

    def _read(self, query: str) -> list[tuple[object, ...]]:
        uri = f"file:{self.host_folder / 'strideload.db'}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=20)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def _spawn(self, name: str, *words: str) -> None:
        with (self.host_folder.parent / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def _words(self) -> str:
        logs = sorted(self.host_folder.parent.glob("*.log"))
        return "; ".join(f"{log.name}: {log.read_text(errors='replace')[-600:]}" for log in logs)
