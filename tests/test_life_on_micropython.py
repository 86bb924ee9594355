"""A pod's life on a real MicroPython: main.py, the driver of few fields on the simulated chip, TLS, Mosquitto, a store.

Its battery is pulled, the broker dies, Wi-Fi drops and the password is wrong at first: nothing is missing and nothing
is double.
"""

import json
import math
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from strideload.collect.certificates import ensure_certificates
from strideload.simulate.chip import Chip
from strideload.simulate.plan import parse_plan
from strideload.simulate.runner import Runner
from strideload_pod import page as pages
from support import tools
from support.micropython_unix import Flash, chip_server, command
from support.mosquitto import HOST, Mosquitto, free_port
from support.processes import UID, House, fill_log

PAGES = 160  # in the log before the first connection
# The host is called again as soon as a test has time for it.
LIFE = """
from strideload_pod import sync
sync.BACKOFF_LEAST_MS = 200
sync.BACKOFF_MOST_MS = 1000
import main
try:
    main.main()
except KeyboardInterrupt:
    pass
"""


class Foot:
    """Stands, and runs from when it is told to. As a chip sees it: acceleration and rotation at seconds of its life."""

    def __init__(self) -> None:
        self._run = Runner(1).session(parse_plan("stand:0.01,run:10@10.4")).source
        self._began_ns = time.monotonic_ns()
        self._from_s = math.inf

    def clock_us(self) -> int:
        return (time.monotonic_ns() - self._began_ns) // 1000

    def run(self) -> None:
        self._from_s = self.clock_us() / 1e6

    def stand(self) -> None:
        self._from_s = math.inf

    def __call__(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._run(np.maximum(t_s - self._from_s, 0.0))


class SmallHouse(House):
    """A house whose pod is a Pico W: `flash`, over TLS and with a password. `said`: what the pod printed."""

    def __init__(self, folder: Path, foot: Foot, chip_port: str) -> None:
        super().__init__(folder)
        self.foot = foot
        self._chip_port = chip_port
        self._secure_port = free_port()
        self.said: list[str] = []
        ensure_certificates(folder, frozenset({HOST}))
        files = f"certfile {folder / 'server.pem'}\nkeyfile {folder / 'server.key'}"
        self.broker = Mosquitto(
            folder / "guarded",
            users={"host": "h", "pod": "secret"},
            config=f"listener {self._secure_port} {HOST}\n{files}",
        )
        (self.host_folder / "password").write_text("h")
        (self.host_folder / "strideload.toml").write_text(
            f'[broker]\nhost = "{HOST}"\nport = {self.broker.port}\nuser = "host"\npassword_file = "password"\n'
        )
        self.flash = Flash(self.pod_folder)
        (self.pod_folder / "ca.pem").write_bytes((folder / "ca.pem").read_bytes())

    def set_password(self, password: str) -> None:
        settings = {
            "STRIDELOAD_STORE": self.store_id,
            "STRIDELOAD_ORIGIN": "simulated",
            "STRIDELOAD_LOG_PAGES": 4096,
            "STRIDELOAD_WIFI_SSID": "home",
            "STRIDELOAD_WIFI_PASSWORD": "sesame",
            "STRIDELOAD_NTP_HOST": "",
            "STRIDELOAD_BROKER_HOST": HOST,
            "STRIDELOAD_BROKER_PORT": self._secure_port,
            "STRIDELOAD_BROKER_USER": "pod",
            "STRIDELOAD_BROKER_PASSWORD": password,
            "STRIDELOAD_BROKER_CA_FILE": "ca.pem",
        }
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (self.pod_folder / "settings.toml").write_text("".join(lines))

    def start(self, name: str) -> None:
        if name != "pod":
            super().start(name)
            return
        process = self.flash.start(LIFE, UNIQUE_ID=UID.hex(), CHIP_PORT=self._chip_port)
        self._processes["pod"] = process  # type: ignore[assignment]
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.said += [line for line in process.stdout if not line.startswith("Warning: exception chaining")]

    def interrupt_pod(self) -> None:
        """Ctrl-C: the session ends, and the last page is written."""
        process = self._processes.pop("pod")
        process.send_signal(signal.SIGINT)
        process.wait(20)

    def wait_until(self, holds: Callable[[], bool], within_s: float = 90) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"{self.said} {self.broker.log()[-2000:]}"
            time.sleep(0.02)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    tools.program("mosquitto")
    command()
    foot = Foot()
    with chip_server({0x6A: Chip("LSM6DSO32", foot, foot.clock_us)}) as port:
        made = SmallHouse(tmp_path, foot, port)
        yield made
        made.stop()


def test_nothing_is_missing_and_nothing_double(house: SmallHouse) -> None:
    fill_log(house.log_folder, PAGES)
    house.set_password("guess")
    for name in ("broker", "collector", "pod"):
        house.start(name)
    house.wait_until(lambda: "not authorised" in house.broker.log())
    assert house.count() == 0
    house.kill("pod")
    house.set_password("secret")
    for target in (20, 60):
        house.start("pod")
        house.wait_for(target, within_s=90)
        house.kill("pod")  # in mid-sync
        assert house.count() < PAGES
    house.start("pod")
    house.wait_until(lambda: is_connected(house))
    dropped = house.pod_folder / "no-wifi"
    dropped.touch()
    house.wait_until(lambda: not is_connected(house))
    dropped.unlink()
    house.wait_until(lambda: is_connected(house))
    house.kill("broker")
    house.start("broker")
    house.wait_for(PAGES, within_s=90)
    house.foot.run()
    # TLS may keep the pod for a second, so a line that is lost in a session is not made anew before it ends.
    house.wait_until(lambda: pages.KIND_SESSION_START in kinds(house.written()))
    house.interrupt_pod()
    house.foot.stand()
    house.start("pod")
    house.wait_until(lambda: pages.KIND_SESSION_END in kinds(house.stored()))
    house.stop()
    stored, written = house.stored(), house.written()
    assert house.said == []
    assert pages.KIND_STEPS in kinds(stored)
    assert set(range(max(stored) + 1)) == set(stored)
    assert all(written[number] == data for number, data in stored.items())
    assert house.table("losses") == []
    assert house.table("aside") == []


def kinds(found: dict[int, bytes]) -> set[int]:
    """Kinds of the pages behind those that the log began with."""
    at = pages.HEADER_NAMES.index("kind")
    return {
        struct.unpack_from(pages.HEADER_FORMAT, data)[at] for number, data in found.items() if number >= PAGES
    }


def is_connected(house: SmallHouse) -> bool:
    """By what the broker said last of the pod."""
    words = [line for line in house.broker.log().splitlines() if UID.hex() in line]
    return "New client connected" in words[-1]
