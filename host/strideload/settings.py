"""Settings: one strideload.toml in the state folder; docs/settings.md has every key.

Secrets come from the environment or from a file of their own. They are read when they are needed and are no
part of the settings, so that nothing which prints settings can print them.
"""

import difflib
import os
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from strideload.errors import StrideloadError
from strideload.load.zones import known_zone
from strideload.logs import Level

FILE_NAME = "strideload.toml"
STORE_NAME = "strideload.db"
FOLDER_VARIABLE = "STRIDELOAD_DIR"
PASSWORD_VARIABLE = "STRIDELOAD_BROKER_PASSWORD"

RUNNER_ID = r"^[A-Za-z0-9_-]{1,40}$"
TOPIC_LEVELS = r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,3}$"  # collect.credentials.PREFIX_LEVELS
MQTT_PORT = 1883
MQTT_TLS_PORT = 8883


class SettingsError(StrideloadError):
    """A setting that cannot be used: `file`, `key` ("broker.port", "": the whole file) and what is `expected`."""

    def __init__(self, file: Path | str, key: str, expected: str) -> None:
        super().__init__(f"{file}: {key + ': ' if key else ''}{expected}")
        self.file = str(file)
        self.key = key
        self.expected = expected


def _zone(name: str) -> str:
    if not known_zone(name):
        raise ValueError("no such time zone")
    return name


def _without_password(url: str) -> str:
    head, at, _ = url.rpartition("@")
    if (at and ":" in head.partition("://")[2]) or "password" in url.partition("?")[2].lower():
        raise ValueError("a password has no place here")
    return url


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        ip_network(text)
    return texts


Port = Annotated[int, Field(ge=1, le=65535)]
File = Annotated[Path, Field(strict=False)]  # TOML has no paths, only text
Texts = Annotated[tuple[str, ...], Field(strict=False)]  # nor tuples, only lists


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StoreSection(_Section):
    url: Annotated[str, AfterValidator(_without_password)] | None = Field(
        default=None,
        description="an SQLAlchemy URL without a password (PGPASSWORD or ~/.pgpass have it)",
        min_length=1,
    )


class BrokerSection(_Section):
    host: str | None = Field(
        default=None, description="the name or address of your own MQTT broker", min_length=1
    )
    port: Port | None = Field(default=None, description="a port number, 1 to 65535")
    user: str | None = Field(default=None, description="the user name at your own broker", min_length=1)
    password_file: File | None = Field(
        default=None, description="a file that holds the password and nothing else"
    )
    ca_file: File | None = Field(
        default=None, description="a PEM file; TLS is used and the broker must be signed by it"
    )
    managed: Literal["auto", "mosquitto", "amqtt"] = Field(
        default="auto", description="auto, mosquitto or amqtt"
    )
    lan_port: Port = Field(default=MQTT_TLS_PORT, description="a port number, 1 to 65535")


class WebSection(_Section):
    port: Port = Field(default=8080, description="a port number, 1 to 65535")
    lan_host: str = Field(default="0.0.0.0", description="an address of this computer", min_length=1)
    lan_port: Port = Field(default=8443, description="a port number, 1 to 65535")
    names: Texts = Field(
        default=(), description="a list of names, such as ['strideload.example'], without port"
    )
    certificate_file: File | None = Field(
        default=None, description="a PEM file, the certificate and those that lead to its authority"
    )
    key_file: File | None = Field(
        default=None, description="a PEM file, the certificate's key without a password"
    )
    trusted_proxies: Annotated[Texts, AfterValidator(_networks)] = Field(
        default=(), description="a list of addresses or networks, such as ['127.0.0.1', '192.168.1.0/24']"
    )
    lasting_https: bool = Field(default=True, description="true or false")


class HomeSection(_Section):
    enabled: bool = Field(default=False, description="true or false")
    discovery_prefix: str = Field(
        default="homeassistant",
        description="up to four levels of a topic, of letters, digits, - or _",
        pattern=TOPIC_LEVELS,
        max_length=80,
    )
    statistics_url: Annotated[str, AfterValidator(_without_password)] | None = Field(
        default=None,
        description="Home Assistant's WebSocket, as ws://homeassistant.local:8123/api/websocket, without a password",
        pattern=r"^wss?://[^\s/@]+/\S*$",
    )
    statistics_token_file: File | None = Field(
        default=None, description="a file that holds a long-lived access token and nothing else"
    )


class ClockSection(_Section):
    trust: bool = Field(default=False, description="true or false")


class LogSection(_Section):
    level: Level = Field(default="info", description="debug, info, warning or error")


class RunnerSection(_Section):
    id: str = Field(default="me", description="up to 40 letters, digits, - or _", pattern=RUNNER_ID)
    name: str = Field(
        default="Runner", description="a name to show, up to 80 characters", min_length=1, max_length=80
    )
    time_zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="an IANA time zone such as Europe/Berlin"
    )


class Settings(_Section):
    """What strideload.toml says, and the folder that it lies in. Frozen; holds no secret."""

    folder: File = Field(exclude=True, repr=False)
    store: StoreSection = Field(default_factory=StoreSection, description="a table")
    broker: BrokerSection = Field(default_factory=BrokerSection, description="a table")
    web: WebSection = Field(default_factory=WebSection, description="a table")
    home: HomeSection = Field(default_factory=HomeSection, description="a table")
    clock: ClockSection = Field(default_factory=ClockSection, description="a table")
    log: LogSection = Field(default_factory=LogSection, description="a table")
    runner: RunnerSection = Field(default_factory=RunnerSection, description="a table")

    def store_url(self) -> str | Path:
        """Where the store is; an SQLite file in the state folder unless a URL is set."""
        return self.store.url or self.folder / STORE_NAME

    def time_zone(self) -> str:
        """The runner's first time zone: of the settings, else of this computer."""
        return self.runner.time_zone or system_zone()

    def ca_file(self) -> Path | None:
        return self._file(self.broker.ca_file)

    def page_certificate(self) -> tuple[Path, Path] | None:
        """The user's own certificate of the page, and its key; None: the house's own authority signs one."""
        certificate, key = self._file(self.web.certificate_file), self._file(self.web.key_file)
        return None if certificate is None or key is None else (certificate, key)

    def files(self) -> list[Path]:
        """All files that the settings name."""
        named = (
            self._file(self.broker.password_file),
            self.ca_file(),
            self._file(self.web.certificate_file),
            self._file(self.web.key_file),
            self.statistics_token_file(),
        )
        return [file for file in named if file is not None]

    def statistics_token_file(self) -> Path | None:
        return self._file(self.home.statistics_token_file)

    def broker_password(self) -> str | None:
        """The password at the user's own broker: of the environment, else of its file. SettingsError."""
        from_environment = os.environ.get(PASSWORD_VARIABLE)
        path = self._file(self.broker.password_file)
        if from_environment or path is None:
            return from_environment or None
        try:
            return path.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SettingsError(
                self.folder / FILE_NAME, "broker.password_file", f"{path} cannot be read: {reason}"
            ) from error

    def shown(self) -> dict[str, Any]:
        """All settings as JSON has them; of a secret only that it is set."""
        shown = self.model_dump(mode="json")
        is_set = os.environ.get(PASSWORD_VARIABLE) or self.broker.password_file
        shown["broker"]["password"] = "set" if is_set else None
        return shown

    def _file(self, path: Path | None) -> Path | None:
        return None if path is None else self.folder / path.expanduser()


def state_folder(folder: Path | None = None) -> Path:
    """The folder of store and settings, not made: as given, else STRIDELOAD_DIR, else the user's data folder."""
    if folder is None:
        named = os.environ.get(FOLDER_VARIABLE)
        folder = Path(named) if named else user_data_path("strideload", appauthor=False)
    return folder.expanduser().absolute()


def load_settings(folder: Path | None = None) -> Settings:
    """The settings of a state folder; without the file the defaults. SettingsError."""
    folder = state_folder(folder)
    file = folder / FILE_NAME
    tables = _read(file)
    if "folder" in tables:
        raise SettingsError(file, "folder", _unknown("folder", ()))
    try:
        settings = Settings(folder=folder, **tables)
    except ValidationError as error:
        raise _explained(file, error) from error
    for key in ("user", "password_file", "ca_file"):
        if getattr(settings.broker, key) is not None and settings.broker.host is None:
            raise SettingsError(
                file, f"broker.{key}", "belongs to a broker of your own; set broker.host as well"
            )
    if (settings.web.certificate_file is None) != (settings.web.key_file is None):
        raise SettingsError(file, "web.certificate_file", "goes with web.key_file: set both, or neither")
    if (settings.home.statistics_url is None) != (settings.home.statistics_token_file is None):
        missing = "statistics_token_file" if settings.home.statistics_url else "statistics_url"
        raise SettingsError(file, f"home.{missing}", "belongs to the other of the two; set both or neither")
    if settings.home.discovery_prefix.split("/")[0] == "strideload":
        raise SettingsError(file, "home.discovery_prefix", "expected another topic than strideload's own")
    return settings


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(file, "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(file, "", f"is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(file, "", f"is not TOML: {error}") from error


def _explained(file: Path, error: ValidationError) -> SettingsError:
    """The first of pydantic's findings, in our words: where, what is expected and what is there."""
    first = error.errors(include_url=False)[0]
    names = [name for name in first["loc"] if isinstance(name, str)]  # without places in a list
    parent: type[BaseModel] = Settings
    for name in names[:-1]:
        inner = parent.model_fields[name].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        parent = inner
    key = ".".join(names)
    if first["type"] == "extra_forbidden":
        return SettingsError(file, key, _unknown(names[-1], keys_of(parent)))
    expected = parent.model_fields[names[-1]].description
    return SettingsError(file, key, f"expected {expected}{_found(first['input'])}")


def _found(value: object) -> str:
    """What is there instead, unless a password may be in it."""
    is_plain = isinstance(value, bool | int | float) or (
        isinstance(value, str) and not set(value) & set("@?")
    )
    return f", but it is {value!r}" if is_plain else ""


def _unknown(name: str, known: tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    if nearest:
        return f"no such setting; did you mean {nearest[0]}?"
    return f"no such setting{'; there are ' + ', '.join(known) if known else ''}"


def keys_of(section: type[BaseModel]) -> tuple[str, ...]:
    """Names that a file may use there, in the order of the document."""
    return tuple(name for name, field in section.model_fields.items() if not field.exclude)


def system_zone() -> str:
    """This computer's IANA time zone; UTC where it does not tell."""
    names = [os.environ.get("TZ", "").removeprefix(":")]
    try:
        names.append(os.path.realpath("/etc/localtime").partition("zoneinfo/")[2])
        names.append(Path("/etc/timezone").read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        pass  # neither file is there on every system
    for name in names:
        try:
            if name:
                return _zone(name)
        except ValueError:
            continue
    return "UTC"
