"""A simulated pod's folder: settings.toml as a person would fill it in on a board."""

import json
from pathlib import Path
from typing import Any

from strideload.collect.address import Address
from strideload_pod.boards.on_linux import SETTINGS_NAME


def write_settings(folder: Path, uid: bytes, store_id: str, address: Address, more: dict[str, Any]) -> None:
    """Pair the pod with a store and tell it the broker; only the owner may read the file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        **more,
        "STRIDELOAD_ORIGIN": "simulated",
        "STRIDELOAD_STORE": store_id,
        "STRIDELOAD_POD_ID": uid.hex(),
        "STRIDELOAD_CLOCK_TRUSTED": 1,  # it runs on the host's computer, whose clock it may take as it is
        "STRIDELOAD_BROKER_HOST": address.host,
        "STRIDELOAD_BROKER_PORT": address.port,
    }
    for name, value in (
        ("STRIDELOAD_BROKER_USER", address.user),
        ("STRIDELOAD_BROKER_PASSWORD", address.password),
        ("STRIDELOAD_BROKER_CA_FILE", address.ca_file and str(address.ca_file)),
    ):
        if value is not None:
            settings[name] = value
    file = folder / SETTINGS_NAME
    file.touch(mode=0o600)
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()), "utf-8")
