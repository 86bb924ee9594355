"""Letting a pod in: a user at the broker, a foot, and the settings.toml that goes onto the pod."""

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from strideload.collect import certificates
from strideload.collect.credentials import Users, make_private_folder, matches
from strideload.errors import StrideloadError
from strideload.host import BROKER_FOLDER, is_running, make_folder, open_home
from strideload.load.steps import Foot
from strideload.settings import Settings
from strideload.store import Store

Value = str | int


def add(settings: Settings, pod: str, foot: str, runner: str | None) -> str:
    """Make the pod's password and say whose foot it is on from now on -> its settings.toml. StrideloadError."""
    make_folder(settings)
    with open_home(settings) as store:
        who = known_runner(store, settings, runner)
        lines: dict[str, Value] = {"STRIDELOAD_POD_ID": pod, "STRIDELOAD_STORE": store.store_id}
        lines.update(_broker(settings, pod, None))
        store.assign(pod, who, foot, time.time_ns() // 1000)
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())


def known_runner(store: Store, settings: Settings, runner: str | None) -> str:
    """That runner, else the one of the settings. StrideloadError: there is none of that name."""
    who = runner or settings.runner.id
    if who not in store.runners():
        raise StrideloadError(f"There is no runner {who!r}; there are {', '.join(store.runners())}.")
    return who


def let_in(settings: Settings, pod: str, had: Mapping[str, object]) -> dict[str, Value]:
    """What a pod's settings need to reach this host's broker. A password that it has already and that is right stays.

    StrideloadError: the broker runs, and takes a new pod only when it starts.
    """
    password = had.get("STRIDELOAD_BROKER_PASSWORD")
    return _broker(settings, pod, password if isinstance(password, str) else None)


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


def _broker(settings: Settings, pod: str, password: str | None) -> dict[str, Value]:
    """Where the pod connects; at the user's own broker, user and password are the user's to give."""
    if settings.broker.host is not None:
        own: dict[str, Value] = {
            "STRIDELOAD_BROKER_HOST": settings.broker.host,
            "STRIDELOAD_BROKER_USER": pod,
        }
        if settings.broker.port is not None:
            own["STRIDELOAD_BROKER_PORT"] = settings.broker.port
        if (file := settings.ca_file()) is not None:
            own["STRIDELOAD_BROKER_CA_FILE"] = str(file)
        return own
    folder = settings.folder / BROKER_FOLDER
    make_private_folder(folder)
    certificates.ensure_certificates(folder)
    users = Users(folder)
    stored = users.read().get(pod)
    if password is None or stored is None or not matches(password, stored):
        if is_running(settings.folder):
            raise StrideloadError("The broker takes new pods when it starts: end `strideload up` first.")
        password = users.add_pod(pod)
    return {
        "STRIDELOAD_BROKER_HOST": socket.gethostname(),
        "STRIDELOAD_BROKER_PORT": settings.broker.lan_port,
        "STRIDELOAD_BROKER_USER": pod,
        "STRIDELOAD_BROKER_PASSWORD": password,
        "STRIDELOAD_BROKER_CA_FILE": str(folder / certificates.CA_FILE),
    }
