"""Letting a pod in: a user at the broker, a foot, and the settings.toml that goes onto the pod."""

import json
import socket
import time

from strideload.collect import certificates
from strideload.collect.credentials import Users, make_private_folder
from strideload.errors import StrideloadError
from strideload.host import BROKER_FOLDER, is_running, make_folder, open_home
from strideload.settings import Settings


def add(settings: Settings, pod: str, foot: str, runner: str | None) -> str:
    """Make the pod's password and say whose foot it is on from now on -> its settings.toml. StrideloadError."""
    if settings.broker.host is None and is_running(settings.folder):
        raise StrideloadError("The broker takes new pods when it starts: end `strideload up` first.")
    make_folder(settings)
    with open_home(settings) as store:
        who = runner or settings.runner.id
        if who not in store.runners():
            raise StrideloadError(f"There is no runner {who!r}; there are {', '.join(store.runners())}.")
        lines = {"STRIDELOAD_POD_ID": pod, "STRIDELOAD_STORE": store.store_id, **_broker(settings, pod)}
        store.assign(pod, who, foot, time.time_ns() // 1000)
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())


def _broker(settings: Settings, pod: str) -> dict[str, str | int]:
    """Where the pod connects; at the user's own broker, user and password are the user's to give."""
    if settings.broker.host is not None:
        return {"STRIDELOAD_BROKER_HOST": settings.broker.host, "STRIDELOAD_BROKER_USER": pod}
    folder = settings.folder / BROKER_FOLDER
    make_private_folder(folder)
    certificates.ensure_certificates(folder)
    return {
        "STRIDELOAD_BROKER_HOST": socket.gethostname(),
        "STRIDELOAD_BROKER_PORT": settings.broker.lan_port,
        "STRIDELOAD_BROKER_USER": pod,
        "STRIDELOAD_BROKER_PASSWORD": Users(folder).add_pod(pod),
        "STRIDELOAD_BROKER_CA_FILE": str(folder / certificates.CA_FILE),
    }
