"""Mosquitto as a child of ours: own folder, users and rights; on this computer only, unless asked for more.

It is started anew when it dies, and ends with this process however that ends.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final, Self

from strideload.collect import certificates, tied
from strideload.collect.address import LOOPBACK, Address, port_trouble, refusal
from strideload.collect.credentials import (
    HOST_TOPICS,
    HOST_USER,
    POD_READS,
    POD_WRITES,
    Users,
    make_private_folder,
    write_private,
)
from strideload.collect.errors import BrokerError
from strideload.protocol.topics import of_pod

CONFIG_FILE: Final = "mosquitto.conf"
RIGHTS_FILE: Final = "rights"

START_TIMEOUT_S: Final = 15.0
STOP_TIMEOUT_S: Final = 10.0
RESTART_FIRST_S: Final = 0.25
RESTART_LONGEST_S: Final = 30.0
STABLE_S: Final = 60.0  # one that ran so long is started anew without a wait
LINES_KEPT: Final = 20

# Far above any message of ours, and still what the collector can take in, count and set aside.
PACKET_LIMIT: Final = 16 * 2**20
# What the broker holds for a client that does not acknowledge, as the collector does not while the disk is full. A pod
# sends 32 KiB ahead of what is stored; this is room for a thousand of them.
IN_FLIGHT_BYTES: Final = 32 * 2**20  # sent and not acknowledged
QUEUED_BYTES: Final = 32 * 2**20  # waiting behind these


def program() -> str | None:
    """Path of Mosquitto; Debian has it in /usr/sbin, which is on no user's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def config(folder: Path, port: int, lan_port: int | None) -> str:
    """mosquitto.conf for a folder; `lan_port`: by TLS on every address of this computer, None: not at all."""
    lines = [
        "# Written at every start.",
        "per_listener_settings false",
        "allow_anonymous false",
        f"password_file {folder / Users(folder).file.name}",
        f"acl_file {folder / RIGHTS_FILE}",
        "# What is over the limit is dropped without a word. No page is lost by it: a pod keeps each until the",
        "# host has acknowledged it, whatever the broker did. By bytes, since a message may have 10 or 16 million.",
        "max_queued_messages 0",
        f"max_queued_bytes {QUEUED_BYTES}",
        f"max_inflight_bytes {IN_FLIGHT_BYTES}",
        f"max_packet_size {PACKET_LIMIT}",
        "persistence true",
        f"persistence_location {folder}/",
        "# Pods keep what we have not acknowledged; this only spares them from sending it again.",
        "autosave_interval 60",
        "persistent_client_expiration 2m",
        "log_dest stderr",  # stdout is buffered when it is no terminal
        *(f"log_type {kind}" for kind in ("error", "warning", "notice")),
        "connection_messages false",
    ]
    if os.geteuid() == 0:
        lines += ["# It would become the user mosquitto, who cannot enter this folder.", "user root"]
    lines += [f"listener {port} {LOOPBACK}"]
    if lan_port is not None:
        lines += [
            f"listener {lan_port}",
            f"certfile {folder / certificates.BROKER.file}",
            f"keyfile {folder / certificates.BROKER.key_file}",
            "tls_version tlsv1.2",
        ]
    return "\n".join(lines) + "\n"


def rights() -> str:
    """Mosquitto's ACL: the host has all of ours, a pod its own topics and no others."""
    return "\n".join(
        [
            f"user {HOST_USER}",
            f"topic readwrite {HOST_TOPICS}",
            *(f"pattern write {of_pod('%u', leaf)}" for leaf in POD_WRITES),
            *(f"pattern read {of_pod('%u', leaf)}" for leaf in POD_READS),
            "",
        ]
    )


class Mosquitto:
    """A managed Mosquitto; `start` returns once it answers. BrokerError: it does not."""

    kind = "mosquitto"

    def __init__(self, folder: Path, port: int, *, lan_port: int | None = None) -> None:
        found = program()
        if found is None:
            raise BrokerError("Mosquitto is not installed (Debian: apt-get install mosquitto).")
        self._program = found
        self.folder = folder.absolute()
        self._port = port
        self.lan_port = lan_port
        self._users = Users(self.folder)
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="mosquitto", daemon=True)
        self._started = False
        self.restarts = 0

    def start(self) -> Self:
        trouble = port_trouble(self._port, LOOPBACK) or (self.lan_port and port_trouble(self.lan_port, ""))
        if trouble:
            raise BrokerError(f"Mosquitto cannot listen on {trouble}.")
        make_private_folder(self.folder)
        self._users.write_host()
        write_private(self.folder / RIGHTS_FILE, rights())
        write_private(self.folder / CONFIG_FILE, config(self.folder, self._port, self.lan_port))
        if self.lan_port is not None:
            certificates.ensure_certificates(self.folder)
        self._supervisor.start()
        try:
            self._wait_until_in(self.address)
        except BrokerError:
            self.stop()
            raise
        return self

    @property
    def address(self) -> Address:
        """For the host, on this computer."""
        return Address(LOOPBACK, self._port, HOST_USER, self._users.host_password())

    @property
    def ca_file(self) -> Path | None:
        """What a pod on the network checks this broker by; None: it does not listen there."""
        return None if self.lan_port is None else self.folder / certificates.CA_FILE

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def add_pod(self, pod: str) -> str:
        """Let a pod in; -> its new password, which works from now on and is kept nowhere else."""
        password = self._users.add_pod(pod)
        self._signal(signal.SIGHUP)
        self._wait_until_in(Address(LOOPBACK, self._port, pod, password))
        return password

    def remove_pod(self, pod: str) -> None:
        self._users.remove(pod)
        self._signal(signal.SIGHUP)

    def stop(self) -> None:
        """End it, and wait until it has written down what it holds."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if self._supervisor.is_alive():
            self._supervisor.join(STOP_TIMEOUT_S)
        if self.alive():
            self._signal(signal.SIGKILL)
            self._supervisor.join(STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)  # does nothing to one that has ended

    def _wait_until_in(self, address: Address) -> None:
        """Until the broker lets that user in. BrokerError: it ended at its first start, or takes too long."""
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while (reason := refusal(address)) is not None:
            if (self.restarts and not self._started) or time.monotonic() > deadline_s:
                raise BrokerError(f"Mosquitto does not let {address.user} in: {reason}", tuple(self._lines))
            time.sleep(0.02)
        self._started = True

    def _supervise(self) -> None:
        wait_s = RESTART_FIRST_S
        while not self._stopping.is_set():
            began_s = time.monotonic()
            self._run()
            if time.monotonic() - began_s > STABLE_S:
                wait_s = RESTART_FIRST_S
            self.restarts += 1
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, RESTART_LONGEST_S)

    def _run(self) -> None:
        """Start it and read its words until it ends."""
        command = [sys.executable, "-I", "-S", tied.__file__, str(os.getpid())]
        command += [self._program, "-c", str(self.folder / CONFIG_FILE)]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C is for us; we stop it when the collector has gone
            )
        except OSError as error:
            self._lines.append(str(error))
            return
        self._process = process
        if self._stopping.is_set():
            process.terminate()
        assert process.stdout is not None
        with process.stdout as words:
            self._lines.extend(line.rstrip() for line in words)
        process.wait()
