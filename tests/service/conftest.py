"""A host's folder with a few runs in it, and what a folder holds."""

import hashlib
from pathlib import Path

import pytest

from store.making import POD, Pod, messages
from strideload.collect.certificates import ensure_certificates
from strideload.collect.credentials import Users, make_private_folder
from strideload.host import BROKER_FOLDER, LOCK_NAME
from strideload.settings import Settings, load_settings
from strideload.store import Received, open_store

TOML = '[runner]\nname = "Ada"\ntime_zone = "Europe/Berlin"\n'
SESSIONS = 12


def season() -> list[Received]:
    """Messages of a pod that ran a few times."""
    pod = Pod()
    for session in range(1, SESSIONS + 1):
        pod.run(600.0 * session, session, strides=160)
    return messages(pod.pages, size=4)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a folder as a host leaves it: store, settings, users and certificates."""
    folder = tmp_path / "host"
    folder.mkdir(mode=0o700)
    (folder / "strideload.toml").write_text(TOML)
    broker = folder / BROKER_FOLDER
    make_private_folder(broker)
    ensure_certificates(broker, frozenset({"localhost"}))
    users = Users(broker)
    users.write_house(home=False)
    users.add_pod(POD)
    found = load_settings(folder)
    with open_store(found.store_url()) as store:
        store.ensure_runner(found.runner.id, found.runner.name, found.time_zone())
        store.add(season())
        store.derive()
    return found


def tree(folder: Path) -> dict[str, str]:
    """name -> digest of each file in a folder but the lock, which says nothing."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LOCK_NAME
    }
