"""A pod's life on a real MicroPython: main.py, Adafruit's driver on the simulated chip, TLS, Mosquitto, a store.

Its battery is pulled, the broker dies, Wi-Fi drops and the password is wrong at first: nothing is missing and nothing
is double.
"""

import json
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
main.main()
"""


class SmallHouse(House):
    """A house whose pod is a Pico W: `flash`, over TLS and with a password. `said`: what the pod printed."""

    def __init__(self, folder: Path, chip_port: str) -> None:
        super().__init__(folder)
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

    def wait_until(self, holds: Callable[[], bool], within_s: float = 20) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"{self.said} {self.broker.log()[-500:]}"
            time.sleep(0.02)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    tools.program("mosquitto")
    command()
    session = Runner(1).session(parse_plan("stand:0.05,run:10@10.4"))
    began = time.monotonic_ns()
    chip = Chip("LSM6DSO32", session.source, lambda: (time.monotonic_ns() - began) // 1000)
    with chip_server({0x6A: chip}) as port:
        made = SmallHouse(tmp_path, port)
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
        house.wait_for(target, within_s=30)
        house.kill("pod")  # in mid-sync
        assert house.count() < PAGES
    house.start("pod")
    house.wait_for(80, within_s=30)
    dropped = house.pod_folder / "no-wifi"
    dropped.touch()
    house.wait_until(lambda: f"{UID.hex()} disconnected.\n" in house.broker.log())
    dropped.unlink()
    house.wait_for(110, within_s=30)
    house.kill("broker")
    house.start("broker")
    house.wait_until(lambda: house.count() >= PAGES and has_steps_of_its_own(house), within_s=40)
    house.stop()
    stored, written = house.stored(), house.written()
    assert house.said == []
    assert set(range(max(stored) + 1)) == set(stored)
    assert all(written[number] == data for number, data in stored.items())
    assert house.table("losses") == []
    assert house.table("aside") == []


def has_steps_of_its_own(house: SmallHouse) -> bool:
    """What the pod measured itself came home: a page of steps behind those that the log began with."""
    headers = [struct.unpack_from(pages.HEADER_FORMAT, data) for data in house.stored().values()]
    kind, number = pages.HEADER_NAMES.index("kind"), pages.HEADER_NAMES.index("number")
    return any(header[kind] == pages.KIND_STEPS and header[number] >= PAGES for header in headers)
