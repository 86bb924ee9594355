"""Home Assistant's WebSocket as far as statistics need it, and it refuses what the real one refuses.

[homeassistant/components/websocket_api/auth.py, connection.py; recorder/websocket_api.py and statistics.py, 2025.4 and
2025.11]
"""

import json
import re
import threading
from datetime import UTC, datetime
from typing import Any, Self

from websockets.sync.server import Server, ServerConnection, serve

TOKEN = "a-long-lived-token"
STATISTIC_ID = re.compile(r"^(?!.+__)(?!_)[\da-z_]+(?<!_):(?!_)[\da-z_]+(?<!_)$")
OLD_METADATA = {"has_mean", "has_sum", "name", "source", "statistic_id", "unit_of_measurement"}
NEW_METADATA = OLD_METADATA | {"mean_type", "unit_class"}
REQUIRED_METADATA = OLD_METADATA - {"has_mean"}
ROW = {"start", "mean", "min", "max", "last_reset", "state", "sum"}


class Refused(Exception):
    """An error result: its code."""


class FakeHomeAssistant:
    """Keeps `rows`: statistic id -> start -> mean, and `commands` as they came."""

    def __init__(self, version: str = "2025.4.4", *, admin: bool = True, greeting: Any = None) -> None:
        self.rows: dict[str, dict[datetime, float]] = {}
        self.metadata: dict[str, dict[str, Any]] = {}
        self.commands: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._version = version
        self._admin = admin
        self._greeting = greeting or {"type": "auth_required", "ha_version": version}
        self._server: Server | None = None

    @property
    def is_new(self) -> bool:
        year, month, _ = self._version.split(".")
        return (int(year), int(month)) >= (2025, 11)

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = self._server.socket.getsockname()
        return f"ws://{host}:{port}/api/websocket"

    def __enter__(self) -> Self:
        self._server = serve(self._talk, "127.0.0.1", 0)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_unused: object) -> None:
        assert self._server is not None
        self._server.shutdown()

    def sent(self, command: str) -> list[dict[str, Any]]:
        return [one for one in self.commands if one["type"] == f"recorder/{command}"]

    def _talk(self, line: ServerConnection) -> None:
        line.send(json.dumps(self._greeting))
        first = json.loads(line.recv())
        if (
            set(first) != {"type", "access_token"}
            or first["type"] != "auth"
            or first["access_token"] != TOKEN
        ):
            line.send(json.dumps({"type": "auth_invalid", "message": "Invalid access token or password"}))
            return
        line.send(json.dumps({"type": "auth_ok", "ha_version": self._version}))
        last_id = 0
        for text in line:
            message = json.loads(text)
            self.commands.append(message)
            line.send(json.dumps({"id": 0, "type": "event", "event": {}}))  # of no concern to who asks
            try:
                if message["id"] <= last_id:
                    raise Refused("id_reuse")
                last_id = message["id"]
                result = self._obey(message)
                line.send(json.dumps({"id": last_id, "type": "result", "success": True, "result": result}))
            except Refused as refused:
                error = {"code": str(refused), "message": "refused"}
                line.send(json.dumps({"id": last_id, "type": "result", "success": False, "error": error}))

    def _obey(self, message: dict[str, Any]) -> Any:
        words = message.keys() - {"id", "type"}
        match message["type"]:
            case "recorder/statistics_during_period":
                self._need(words, {"start_time", "statistic_ids", "period"}, {"end_time", "units", "types"})
                start = datetime.fromisoformat(message["start_time"])
                return {
                    id_: [
                        {
                            "start": int(at.timestamp() * 1000),
                            "end": int(at.timestamp() * 1000) + 3_600_000,
                            "mean": mean,
                        }
                        for at, mean in sorted(self.rows[id_].items())
                        if at >= start
                    ]
                    for id_ in message["statistic_ids"]
                    if self.rows.get(id_)
                }
            case "recorder/import_statistics":
                self._need_admin()
                self._need(words, {"metadata", "stats"}, set())
                return self._import(message["metadata"], message["stats"])
            case "recorder/clear_statistics":
                self._need_admin()
                self._need(words, {"statistic_ids"}, set())
                for id_ in message["statistic_ids"]:
                    self.rows.pop(id_, None)
                return None
            case _:
                raise Refused("unknown_command")

    def _import(self, metadata: dict[str, Any], stats: list[dict[str, Any]]) -> None:
        required = REQUIRED_METADATA if self.is_new else OLD_METADATA
        self._need(metadata.keys(), required, NEW_METADATA if self.is_new else OLD_METADATA)
        if self.is_new:
            self.warnings += [key for key in ("mean_type", "unit_class") if key not in metadata]
        id_ = metadata["statistic_id"]
        if not STATISTIC_ID.match(id_) or metadata["source"] != id_.partition(":")[0]:
            raise Refused("home_assistant_error")
        rows = self.rows.setdefault(id_, {})
        for row in stats:
            self._need(row.keys(), {"start"}, ROW)
            start = datetime.fromisoformat(row["start"])
            if start.tzinfo is None or (start.minute, start.second, start.microsecond) != (0, 0, 0):
                raise Refused("home_assistant_error")
            rows[start.astimezone(UTC)] = row["mean"]
        self.metadata[id_] = metadata

    def _need_admin(self) -> None:
        if not self._admin:
            raise Refused("unauthorized")

    @staticmethod
    def _need(found: Any, required: set[str], allowed: set[str]) -> None:
        if required - set(found) or set(found) - required - allowed:
            raise Refused("invalid_format")
