"""One strideload.toml: every key is documented, a wrong one is named, and no secret is shown."""

import re
from pathlib import Path

import pytest

from strideload import settings
from strideload.settings import Settings, SettingsError, load_settings

DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"
SECTIONS = list(settings.keys_of(Settings))
KEYS = {
    f"{section}.{key}": getattr(getattr(Settings(folder=Path("/")), section), key)
    for section in SECTIONS
    for key in settings.keys_of(type(getattr(Settings(folder=Path("/")), section)))
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (settings.FOLDER_VARIABLE, settings.PASSWORD_VARIABLE, "TZ"):
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str) -> Path:
    (folder / settings.FILE_NAME).write_text(text, encoding="utf-8")
    return folder


def documented() -> dict[str, str]:
    """key -> default, of the document's table."""
    return dict(
        re.findall(r"^\| `([a-z_.]+)` \| `?([^|`]*)`? \|", DOCUMENT.read_text(encoding="utf-8"), re.M)
    )


def in_words(default: object) -> str:
    return (
        "none"
        if default in (None, ())
        else str(default).lower()
        if isinstance(default, bool)
        else str(default)
    )


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_documented_with_its_default(key: str) -> None:
    assert documented()[key] == in_words(KEYS[key])


@pytest.mark.parametrize("key", documented())
def test_every_documented_setting_is_there(key: str) -> None:
    assert key in KEYS


def test_the_documents_example_loads(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert example is not None
    loaded = load_settings(write(tmp_path, example[1]))
    assert (loaded.broker.host, loaded.runner.name, loaded.time_zone()) == (
        "broker.lan",
        "Ada",
        "Europe/Berlin",
    )


def test_a_folder_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path)
    assert loaded.store_url() == tmp_path / "strideload.db"
    assert loaded.web.port == 8080
    assert loaded.broker_password() is None


WRONG = {
    "misspelt key": ("[broker]\nprot = 1884", "broker.prot", "did you mean port"),
    "misspelt section": ("[brokre]\nport = 1884", "brokre", "did you mean broker"),
    "nothing near": ("[web]\nxyzzy = 1", "web.xyzzy", "there are port"),
    "not a table": ("web = 8080", "web", "expected a table, but it is 8080"),
    "text for a number": ('[web]\nport = "8080"', "web.port", "a port number, 1 to 65535, but it is '8080'"),
    "port below": ("[web]\nport = 0", "web.port", "1 to 65535"),
    "port above": ("[web]\nport = 65536", "web.port", "1 to 65535"),
    "number for a bool": ("[clock]\ntrust = 1", "clock.trust", "true or false"),
    "unknown broker": ('[broker]\nmanaged = "emqx"', "broker.managed", "auto, mosquitto or amqtt"),
    "unknown zone": ('[runner]\ntime_zone = "Mars/Olympus"', "runner.time_zone", "IANA time zone"),
    "a folder of zones": ('[runner]\ntime_zone = "Europe"', "runner.time_zone", "IANA time zone"),
    "what the computer is set to": ('[runner]\ntime_zone = "localtime"', "runner.time_zone", "IANA time zone"),
    "runner with a slash": ('[runner]\nid = "a/b"', "runner.id", "letters, digits"),
    "user without a host": ('[broker]\nuser = "x"', "broker.user", "set broker.host as well"),
    "a proxy that is no address": ('[web]\ntrusted_proxies = ["proxy"]', "web.trusted_proxies", "addresses"),
    "a number among names": ("[web]\nnames = [1]", "web.names", "a list of names"),
    "certificate without key": ('[web]\ncertificate_file = "c"', "web.certificate_file", "set both"),
    "statistics without a token": (
        '[home]\nstatistics_url = "ws://ha:8123/api/websocket"',
        "home.statistics_token_file",
        "set both or neither",
    ),
    "a token without statistics": (
        '[home]\nstatistics_token_file = "t"',
        "home.statistics_url",
        "set both or neither",
    ),
    "a page for a WebSocket": (
        '[home]\nstatistics_url = "http://ha:8123/"',
        "home.statistics_url",
        "WebSocket",
    ),
    "a prefix with a wildcard": (
        '[home]\ndiscovery_prefix = "a/+"',
        "home.discovery_prefix",
        "levels of a topic",
    ),
    "a prefix of five levels": (
        '[home]\ndiscovery_prefix = "a/b/c/d/e"',
        "home.discovery_prefix",
        "four levels",
    ),
    "our own topics for discovery": (
        '[home]\ndiscovery_prefix = "strideload/x"',
        "home.discovery_prefix",
        "another topic",
    ),
    "folder": ('folder = "x"', "folder", "no such setting"),
    "not TOML": ("[web\n", "", "is not TOML"),
}


@pytest.mark.parametrize(("text", "key", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_named_with_key_and_what_is_expected(
    tmp_path: Path, text: str, key: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, text))
    assert caught.value.file == str(tmp_path / settings.FILE_NAME)
    assert caught.value.key == key
    assert expected in str(caught.value)


def test_bytes_that_are_not_text_are_named(tmp_path: Path) -> None:
    (tmp_path / settings.FILE_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[store]\nurl = "postgresql://ada:hunter2@db/x"',
        '[broker]\nhost = "b"\npassword = "hunter2"',
        '[home]\nstatistics_url = "ws://ada:hunter2@ha/api/websocket"\nstatistics_token_file = "t"',
        '[home]\nstatistics_token = "hunter2"',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, text))
    assert "hunter2" not in str(caught.value)


def test_the_password_comes_from_its_file_and_the_environment_goes_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_settings(write(tmp_path, '[broker]\nhost = "b"\npassword_file = "p"'))
    (tmp_path / "p").write_text("of the file\n", encoding="utf-8")
    assert loaded.broker_password() == "of the file"
    monkeypatch.setenv(settings.PASSWORD_VARIABLE, "of the environment")
    assert loaded.broker_password() == "of the environment"
    for shown in (repr(loaded), str(loaded.shown())):
        assert "of the" not in shown
    assert loaded.shown()["broker"]["password"] == "set"


def test_a_password_file_that_is_missing_is_named(tmp_path: Path) -> None:
    loaded = load_settings(write(tmp_path, '[broker]\nhost = "b"\npassword_file = "p"'))
    with pytest.raises(SettingsError, match=r"broker\.password_file: .*p cannot be read"):
        loaded.broker_password()


def test_the_folder_is_the_one_given_else_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.state_folder().name == "strideload"
    monkeypatch.setenv(settings.FOLDER_VARIABLE, str(tmp_path / "env"))
    assert settings.state_folder() == tmp_path / "env"
    assert settings.state_folder(tmp_path) == tmp_path


@pytest.mark.parametrize(("value", "zone"), [("Asia/Tokyo", "Asia/Tokyo"), (":Asia/Tokyo", "Asia/Tokyo")])
def test_the_computers_zone_is_the_runners_unless_set(
    monkeypatch: pytest.MonkeyPatch, value: str, zone: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("TZ", value)
    assert load_settings(tmp_path).time_zone() == zone
