"""What the host says holds over settings.toml, outlives any power cut, and is refused whole when no pod can do it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload_pod.settings import DEFAULTS, FILE_NAMES, MESSAGE_LIMIT, HostSettings, read_settings
from support import micropython, pod_life
from support.files import LEFT, Flash, PowerCut, flips

STORE = "0123456789abcdef0123456789abcdef"


def message(version=1, store=STORE, **said):
    return json.dumps({"v": 1, "store": store, "version": version, **said}).encode()


def told(*messages, flash=None):
    host = HostSettings(flash if flash is not None else Flash())
    for payload in messages:
        host.take(payload, STORE, {})
    return host


def test_without_a_word_of_the_host_the_own_settings_hold():
    host = HostSettings(Flash())
    assert host.over({"STRIDELOAD_ODR_HZ": 416}) == {**DEFAULTS, "STRIDELOAD_ODR_HZ": 416}
    assert (host.version, host.cue, host.refused) == (0, None, None)


def test_the_host_goes_before_the_own_settings_and_after_a_restart():
    flash = Flash()
    told(
        message(7, odr_hz=416, range_g=16, gyro_dps=0, raw=True, raw_gives_way=False, recording="off"),
        flash=flash,
    )
    again = HostSettings(flash)
    settings = again.over({"STRIDELOAD_ODR_HZ": 208, "STRIDELOAD_LOG_PAGES": 512})
    assert again.version == 7
    assert settings == {
        **DEFAULTS,
        "STRIDELOAD_ODR_HZ": 416,
        "STRIDELOAD_RANGE_G": 16,
        "STRIDELOAD_GYRO_DPS": 0,
        "STRIDELOAD_RAW": 1,
        "STRIDELOAD_RAW_GIVES_WAY": 0,
        "STRIDELOAD_RECORDING": "off",
        "STRIDELOAD_LOG_PAGES": 512,
    }


def test_what_a_newer_message_leaves_out_is_the_pods_own_again():
    host = told(message(1, odr_hz=416, raw=True), message(2, raw=True))
    assert host.over({})["STRIDELOAD_ODR_HZ"] == DEFAULTS["STRIDELOAD_ODR_HZ"]
    assert host.over({})["STRIDELOAD_RAW"] == 1


def test_a_message_is_news_once():
    host = HostSettings(Flash())
    assert host.take(message(1, raw=True), STORE, {}) == (True, None)
    assert host.take(message(1, raw=True), STORE, {}) == (False, None)


def test_a_host_restored_from_an_older_copy_is_followed():
    host = told(message(5, odr_hz=416))
    assert host.take(message(5, odr_hz=208), STORE, {}) == (True, None)
    assert host.take(message(3, odr_hz=104), STORE, {}) == (True, None)
    assert (host.version, host.over({})["STRIDELOAD_ODR_HZ"]) == (3, 104)


@pytest.mark.parametrize("paired", [None, "f" * 32])
def test_another_store_is_not_obeyed(paired):
    host = HostSettings(Flash())
    assert host.take(message(1, raw=True), paired, {}) == (False, None)
    assert (host.version, host.refused) == (0, None)


@pytest.mark.parametrize(
    "said",
    [
        {"odr_hz": 500},
        {"odr_hz": "416"},
        {"odr_hz": True},
        {"range_g": 64},
        {"gyro_dps": -1},
        {"raw": 1},
        {"raw_gives_way": "yes"},
        {"recording": "sometimes"},
        {"cue": {"target_cspm": 30_000, "first_run": 1}},
        {"cue": {"target_cspm": 17_000, "first_run": 0}},
        {"cue": {"target_cspm": 17_000}},
        {"cue": 17_000},
        {"mark": [0, 1]},
        {"mark": [1, -1]},
        {"mark": [1]},
        {"mark": "now"},
    ],
)
def test_what_no_pod_can_do_is_refused_whole_and_the_former_word_holds(said):
    host = told(message(1, odr_hz=208))
    assert host.take(message(2, **said), STORE, {}) == (False, None)
    assert host.version == 1
    assert host.refused
    assert host.over({})["STRIDELOAD_ODR_HZ"] == 208
    assert host.take(message(3), STORE, {}) == (True, None)
    assert host.refused is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"v":2,"store":"%s","version":1}' % STORE.encode(),
        b'{"v":1,"store":7,"version":1}',
        message(0),
        message(-3),
        message(True),
        message(2**31),
        b"[" * 1000,
        message(1) + b" " * MESSAGE_LIMIT,
    ],
)
def test_what_is_no_settings_message_changes_nothing(payload):
    host = told(message(4, raw=True))
    assert host.take(payload, STORE, {}) == (False, None)
    assert (host.version, host.refused) == (4, None)


def test_a_mark_is_made_once_also_when_it_is_said_again_after_a_restart():
    flash = Flash()
    host = HostSettings(flash)
    assert host.take(message(1, mark=[5, 17]), STORE, {}) == (True, 17)
    assert host.take(message(2, mark=[5, 17], raw=True), STORE, {}) == (True, None)
    again = HostSettings(flash)
    assert again.take(message(3, mark=[5, 17]), STORE, {}) == (True, None)
    assert again.take(message(4, mark=[6, 0]), STORE, {}) == (True, 0)


def test_the_run_of_the_programme_goes_on_over_restarts_and_other_settings():
    flash = Flash()
    cue = {"target_cspm": 17_000, "first_run": 2}
    host = told(message(1, cue=cue), flash=flash)
    assert host.cue == (17_000, 2)
    host.next_run()
    again = HostSettings(flash)
    assert again.cue == (17_000, 3)
    again.take(message(2, cue=cue, raw=True), STORE, {})
    assert again.cue == (17_000, 3)
    again.take(message(3, cue={"target_cspm": 17_500, "first_run": 1}), STORE, {})
    assert again.cue == (17_500, 1)
    again.take(message(4, cue=None), STORE, {})
    assert again.cue is None


def test_power_may_fail_at_any_byte_of_it():
    """The former word or the new one holds, whole."""
    flash = Flash()
    told(message(1, odr_hz=208), message(2, odr_hz=416), flash=flash)
    content = {name: bytes(data) for name, data in flash.content.items()}
    cut_at = 0
    seen = set()
    while True:
        flash = Flash(content, cut_at=cut_at)
        try:
            HostSettings(flash).take(message(3, odr_hz=104), STORE, {})
        except PowerCut:
            for how in LEFT:
                host = HostSettings(Flash(flash.left(how)))
                assert (host.version, host.over({})["STRIDELOAD_ODR_HZ"]) in ((2, 416), (3, 104))
                seen.add(host.version)
        else:
            break
        cut_at += 1
    assert seen == {2, 3}
    assert cut_at > 50


def test_a_spoilt_file_is_passed_over():
    flash = Flash()
    told(message(1, odr_hz=208), message(2, odr_hz=416), flash=flash)
    newest = FILE_NAMES[0]  # the second one written
    for spoilt in flips(bytes(flash.content[newest]), every=7):
        host = HostSettings(Flash({**flash.content, newest: spoilt}))
        assert (host.version, host.over({})["STRIDELOAD_ODR_HZ"]) == (1, 208)


def test_what_cannot_be_kept_does_not_hold():
    flash = Flash()
    host = told(message(1, odr_hz=208), flash=flash)
    flash.syncs = False
    with pytest.raises(OSError):  # noqa: PT011 (any of them)
        host.take(message(2, odr_hz=416), STORE, {})
    assert (host.version, host.over({})["STRIDELOAD_ODR_HZ"]) == (1, 208)


@given(
    st.dictionaries(
        st.sampled_from(
            ["odr_hz", "range_g", "gyro_dps", "raw", "raw_gives_way", "recording", "cue", "mark", "x"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=4,
        ),
    )
)
def test_whatever_is_said_what_holds_is_what_a_pod_can_do(said):
    host = told(message(1, odr_hz=208))
    host.take(message(2, **said), STORE, {})
    settings = host.over({})
    assert read_settings(settings) == settings
    assert host.version == (1 if host.refused else 2)


ON_MICROPYTHON = """
import json
from support.pod_life import Files
from strideload_pod.settings import HostSettings

STORE = "0123456789abcdef0123456789abcdef"
files = Files()
said = {"v": 1, "store": STORE, "version": 3, "odr_hz": 416, "raw": True}
said["cue"], said["mark"] = {"target_cspm": 17000, "first_run": 4}, [1, 9]
took = HostSettings(files).take(json.dumps(said).encode(), STORE, {})
said["version"], said["odr_hz"] = 4, 417
refusing = HostSettings(files)
refusing.take(json.dumps(said).encode(), STORE, {})
refusing.next_run()
again = HostSettings(files)
print(json.dumps([took, bool(refusing.refused), again.version, again.cue, again.over({})["STRIDELOAD_ODR_HZ"]]))
"""


def test_micropython_keeps_them_too():
    life = Path(pod_life.__file__)
    ran = micropython.run(ON_MICROPYTHON, {"support/pod_life.py": life.read_bytes()})
    assert json.loads(ran.stdout) == [[True, 9], True, 3, [17_000, 5], 416]
