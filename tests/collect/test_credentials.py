"""Users of a managed broker: Mosquitto's own format, and each pod's topics."""

from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.talker import POD_A, POD_B
from strideload.collect.credentials import HOST_USER, Users, hashed, matches, pod_may

# Written by mosquitto_passwd 2.0.11.
PASSWORD = "Straße 7"
STORED = (
    "$7$101$ISMsGRrTklTE+QpJ$"
    "KGqf89o4HC/VDGYef0hI6OnYAA/Oqr2xeHOR9JYN3YhWuQxpSfjBCKReO4CTYPz+hTZzhwCH01bh35TAXvAIug=="
)


def test_the_format_is_mosquittos() -> None:
    assert hashed(PASSWORD, b64decode("ISMsGRrTklTE+QpJ"), 101) == STORED
    assert matches(PASSWORD, STORED)
    assert not matches(PASSWORD + "x", STORED)


# HMAC pads its key with NUL, so that a password and the same with one at its end hash alike.
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(PASSWORDS, PASSWORDS, st.binary(min_size=12, max_size=12))
def test_a_hash_matches_its_password_only(one: str, other: str, salt: bytes) -> None:
    assert matches(other, hashed(one, salt, 1)) is (one == other)


def test_a_user_is_kept_until_removed_and_no_password_is(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.write_house(home=False)
    password = users.add_pod(POD_A)
    assert list(users.read()) == ["host", POD_A]
    assert matches(password, users.read()[POD_A])
    assert Users(tmp_path).password_of(HOST_USER) == users.password_of(HOST_USER)
    users.remove(POD_A)
    assert list(users.read()) == ["host"]


OWN = f"strideload/pod/{POD_A}"
TOPICS = [
    (f"{OWN}/pages", True, True),
    (f"{OWN}/pages", False, False),
    (f"{OWN}/online", True, True),
    (f"{OWN}/state", True, True),
    (f"{OWN}/live", True, True),
    (f"{OWN}/ack", False, True),
    (f"{OWN}/ack", True, False),
    (f"{OWN}/settings", False, True),
    (f"{OWN}/settings", True, False),
    (f"{OWN}/pages/more", True, False),
    (f"{OWN}/#", False, False),
    (f"{OWN}/+", False, False),
    (f"strideload/pod/{POD_B}/pages", True, False),
    (f"strideload/pod/{POD_B}/ack", False, False),
    ("strideload/pod/+/ack", False, False),
    ("strideload/#", False, False),
    ("#", False, False),
    (f"{POD_A}/ack", False, False),
    ("", False, False),
]


@pytest.mark.parametrize(("topic", "writes", "may"), TOPICS)
def test_a_pod_may_only_what_is_its_own(topic: str, writes: bool, may: bool) -> None:
    assert pod_may(POD_A, writes, topic) is may
