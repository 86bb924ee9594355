"""A real Home Assistant, where STRIDELOAD_HASS names its program: an owner, a token and a broker, and nothing else."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.sync.client import ClientConnection, connect

from strideload.collect.address import LOOPBACK, Address
from support.ports import free_port

START_S = 90.0
ADMIN = "system-admin"
CREATED = "2026-01-01T00:00:00+00:00"


def program() -> str:
    """Path of `hass`; Debian has none, so that it is a skip under CI as well."""
    found = os.environ.get("STRIDELOAD_HASS")
    if not found:
        pytest.skip("STRIDELOAD_HASS names no Home Assistant (2025.4 or newer, Python 3.13)")
    return found


class HomeAssistant:
    """Home Assistant in a folder of its own; `url` and `token` let one in."""

    def __init__(self, folder: Path, broker: Address) -> None:
        self._program = program()
        self._folder = folder
        self.port = free_port()
        self.url = f"ws://{LOOPBACK}:{self.port}/api/websocket"
        self.token = ""
        self._process: subprocess.Popen[bytes] | None = None
        (folder / ".storage").mkdir(parents=True)
        (folder / "configuration.yaml").write_text(
            f"homeassistant:\n  time_zone: UTC\nhttp:\n  server_host: {LOOPBACK}\n  server_port: {self.port}\n"
            "api:\nwebsocket_api:\nhistory:\nrecorder:\n  commit_interval: 1\n"
        )
        self._keep("auth", 1, self._auth())
        self._keep("core.config_entries", 1, {"entries": [self._mqtt(broker)]}, minor_version=5)

    def __enter__(self) -> Self:
        with (self._folder / "hass.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._folder), "--skip-pip", "--log-no-color"],
                stdout=log,
                stderr=log,
            )
        deadline_s = time.monotonic() + START_S
        while True:
            try:
                self.ask("get_config")
                return self
            except (OSError, TimeoutError):
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    self.__exit__()
                    raise RuntimeError(f"Home Assistant did not start: {self.log()[-2000:]}") from None
                time.sleep(0.2)

    def __exit__(self, *_unused: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return (self._folder / "hass.log").read_text(errors="replace")

    def ask(self, command: str, **words: Any) -> Any:
        """The result of a WebSocket command."""
        with connect(self.url, open_timeout=5) as line:
            self._receive(line)
            line.send(json.dumps({"type": "auth", "access_token": self.token}))
            assert self._receive(line)["type"] == "auth_ok"
            line.send(json.dumps({"id": 1, "type": command, **words}))
            answer = self._receive(line)
        assert answer["success"], answer
        return answer["result"]

    def states(self) -> dict[str, dict[str, Any]]:
        """unique id -> state, of all entities by MQTT."""
        of = {
            entry["entity_id"]: entry["unique_id"]
            for entry in self.ask("config/entity_registry/list")
            if entry["platform"] == "mqtt"
        }
        found = {state["entity_id"]: state for state in self.ask("get_states")}
        return {unique_id: found[entity] for entity, unique_id in of.items() if entity in found}

    def do(self, entity: str, service: str, **data: Any) -> None:
        domain = entity.partition(".")[0]
        self.ask(
            "call_service",
            domain=domain,
            service=service,
            service_data=data,
            target={"entity_id": entity},
        )

    @staticmethod
    def _receive(line: ClientConnection) -> dict[str, Any]:
        return json.loads(line.recv(timeout=30))

    def _keep(self, name: str, version: int, data: Any, minor_version: int = 1) -> None:
        kept = {"version": version, "minor_version": minor_version, "key": name, "data": data}
        (self._folder / ".storage" / name).write_text(json.dumps(kept))

    def _auth(self) -> dict[str, Any]:
        """An owner and a long-lived token, signed as Home Assistant signs them."""
        import hmac
        from base64 import urlsafe_b64encode

        key, now = "6b" * 64, int(time.time())

        def part(value: object) -> bytes:
            return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

        head = part({"alg": "HS256", "typ": "JWT"})
        head += b"." + part({"iss": "token1", "iat": now, "exp": now + 3600})
        signature = urlsafe_b64encode(hmac.digest(key.encode(), head, "sha256")).rstrip(b"=")
        self.token = (head + b"." + signature).decode()
        user = {
            "id": "owner1",
            "group_ids": [ADMIN],
            "is_owner": True,
            "is_active": True,
            "name": "Owner",
            "system_generated": False,
            "local_only": False,
        }
        refresh = {
            "id": "token1",
            "user_id": "owner1",
            "client_id": None,
            "client_name": "test",
            "client_icon": None,
            "token_type": "long_lived_access_token",
            "created_at": CREATED,
            "access_token_expiration": 3600.0,
            "token": "7a" * 64,
            "jwt_key": key,
            "last_used_at": None,
            "last_used_ip": None,
            "expire_at": None,
            "credential_id": None,
            "version": None,
        }
        groups = [{"id": ADMIN, "name": "Administrators"}]
        return {"users": [user], "groups": groups, "credentials": [], "refresh_tokens": [refresh]}

    @staticmethod
    def _mqtt(broker: Address) -> dict[str, Any]:
        return {
            "entry_id": "mqtt1",
            "version": 1,
            "minor_version": 2,
            "domain": "mqtt",
            "title": "MQTT",
            "data": {
                "broker": broker.host,
                "port": broker.port,
                "username": broker.user,
                "password": broker.password,
            },
            "options": {"discovery": True, "discovery_prefix": "homeassistant"},
            "pref_disable_new_entities": False,
            "pref_disable_polling": False,
            "source": "user",
            "unique_id": None,
            "disabled_by": None,
            "created_at": CREATED,
            "modified_at": CREATED,
            "discovery_keys": {},
            "subentries": [],
        }
