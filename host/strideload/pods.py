"""Letting a pod in: a user at the broker, a foot, and the settings.toml that goes onto the pod."""

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from strideload.collect import certificates
from strideload.collect.credentials import Users, make_private_folder, matches
from strideload.errors import StrideloadError
from strideload.host import BROKER_FOLDER, is_running, make_folder, open_home
from strideload.load.steps import Foot
from strideload.runners import require_known
from strideload.settings import Settings
from strideload.store import Store

Value = str | int

CA_NAME: Final = "ca.pem"
"""What the authority's certificate is called beside a pod's settings.toml."""


class Added(NamedTuple):
    """`toml`: what goes onto the pod as its settings.toml. `notes`: what is to be done besides, a sentence each."""

    toml: str
    notes: list[str]


def add(settings: Settings, pod: str, foot: Foot | None, runner: str | None, *, new_password: bool) -> Added:
    """Make a pod known, and say whose foot it is on from now on. StrideloadError.

    A pod that the managed broker knows keeps its password, which is not in `toml` then, unless it is to get a new one.
    Foot and runner that are None stay as they are; at first: unknown, and the one of the settings.
    """
    make_folder(settings)
    with open_home(settings) as store:
        now = store.wearing(pod, time.time_ns() // 1000) if pod in store.assigned_pods() else None
        who = known_runner(store, settings, runner or (now and now.runner))
        lines: dict[str, Value] = {"STRIDELOAD_POD_ID": pod, "STRIDELOAD_STORE": store.store_id}
        lines.update(_way(settings, pod))
        notes: list[str] = []
        if settings.broker.host is not None:
            if new_password:
                raise StrideloadError("At a broker of your own the passwords are yours to make.")
        elif new_password or not _users(settings).has_pod(pod):
            lines["STRIDELOAD_BROKER_PASSWORD"] = _make_password(settings, pod)
        else:
            notes.append(
                "The pod keeps its STRIDELOAD_BROKER_PASSWORD, of which this computer has only the hash: "
                "leave that line in its settings.toml. --new-password makes another."
            )
        side = foot or (now.foot if now else "unknown")
        if now != (who, side):
            store.assign(pod, who, side, time.time_ns() // 1000)
    if (file := ca_file(settings)) is not None:
        notes.append(f"Copy {file} beside settings.toml, as {CA_NAME}.")
    notes.append("A board needs STRIDELOAD_WIFI_SSID and STRIDELOAD_WIFI_PASSWORD in settings.toml as well.")
    return Added("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()), notes)


def known_runner(store: Store, settings: Settings, runner: str | None) -> str:
    """That runner, else the one of the settings. StrideloadError: there is none of that name."""
    return require_known(store, runner or settings.runner.id).runner


def let_in(settings: Settings, pod: str, had: Mapping[str, object]) -> dict[str, Value]:
    """What a pod's settings need to reach this host's broker. A password that it has already and that is right stays.

    At the user's own broker the password is the user's to give. StrideloadError: see `_make_password`.
    """
    way = _way(settings, pod)
    if settings.broker.host is not None:
        return way
    password = had.get("STRIDELOAD_BROKER_PASSWORD")
    stored = _users(settings).read().get(pod)
    if not isinstance(password, str) or stored is None or not matches(password, stored):
        password = _make_password(settings, pod)
    return {**way, "STRIDELOAD_BROKER_PASSWORD": password}


def assign(store: Store, pod: str, runner: str, foot: Foot) -> bool:
    """Say whose foot a pod is on from now on -> False: it is there already."""
    now_utc_us = time.time_ns() // 1000
    if store.wearing(pod, now_utc_us) == (runner, foot):
        return False
    store.assign(pod, runner, foot, now_utc_us)
    return True


def ca_file(settings: Settings) -> Path | None:
    """The certificate of the authority that signed the broker which pods reach; None: they reach it without TLS."""
    if settings.broker.host is not None:
        return settings.ca_file()
    return settings.folder / BROKER_FOLDER / certificates.CA_FILE


def _way(settings: Settings, pod: str) -> dict[str, Value]:
    """Where the pod connects and as whom, without the password. A managed broker has its certificates after this."""
    broker = settings.broker
    way: dict[str, Value] = {"STRIDELOAD_BROKER_HOST": broker.host or socket.gethostname()}
    port = broker.lan_port if broker.host is None else broker.port
    if port is not None:
        way["STRIDELOAD_BROKER_PORT"] = port
    way["STRIDELOAD_BROKER_USER"] = pod
    if broker.host is None:
        folder = settings.folder / BROKER_FOLDER
        make_private_folder(folder)
        certificates.ensure_certificates(folder)
    if ca_file(settings) is not None:
        way["STRIDELOAD_BROKER_CA_FILE"] = CA_NAME
    return way


def _users(settings: Settings) -> Users:
    return Users(settings.folder / BROKER_FOLDER)


def _make_password(settings: Settings, pod: str) -> str:
    """A new password at the managed broker. StrideloadError: it runs, and reads them when it starts."""
    if is_running(settings.folder):
        raise StrideloadError(
            "The broker takes new pods and passwords when it starts: end `strideload up` first."
        )
    return _users(settings).add_pod(pod)
