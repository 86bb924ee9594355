"""settings.toml of a pod: what is there stays, line by line."""

import string
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.errors import StrideloadError
from strideload.pod.settings_file import changed, read, shown

TEXT = '# my pod\nSTRIDELOAD_ODR_HZ = 416  # enough\n\nCIRCUITPY_X = "kept"\nSTRIDELOAD_STORE="aa"\n'

KEYS = st.text(string.ascii_uppercase + "_", min_size=1, max_size=12)
VALUES = st.integers(-(2**31), 2**31) | st.text(string.printable + "\0üß€🙂", max_size=20)


def test_comments_and_other_keys_stay():
    made = changed(TEXT, {"STRIDELOAD_STORE": "bb", "NEW": 5}, "pod")
    assert made == TEXT.replace('STRIDELOAD_STORE="aa"', 'STRIDELOAD_STORE = "bb"') + "NEW = 5\n"


@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES))
def test_the_file_holds_the_old_with_the_new_over_it(old: dict[str, str | int], new: dict[str, str | int]):
    made = changed(changed("", old, "pod"), new, "pod")
    assert tomllib.loads(made) == {**old, **new}
    assert read(made, "pod") == {**old, **new}


@pytest.mark.parametrize("text", ["[table]\na = 1\n", "a = 1.5\n", "a = true\n", "a = [1]\n", "a =", "\x00"])
def test_what_no_board_reads_is_refused(text: str):
    with pytest.raises(StrideloadError, match="on pod"):
        read(text, "pod")


def test_a_value_of_several_lines_is_not_torn():
    with pytest.raises(StrideloadError, match="write them plainly"):
        changed('A = """\nB = 1\n"""\nB = 2\n', {"B": 3}, "pod")


def test_a_secret_is_never_shown():
    assert shown("STRIDELOAD_WIFI_PASSWORD", "geheim") == "STRIDELOAD_WIFI_PASSWORD = (set)"
    assert shown("STRIDELOAD_WIFI_SSID", "Zuhause ü") == 'STRIDELOAD_WIFI_SSID = "Zuhause ü"'
