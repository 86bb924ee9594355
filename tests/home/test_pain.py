"""A pain entry's parts, as anyone could send them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from home.conftest import CHOICES
from strideload.home.pain import (
    CHOICE,
    COMMAND_BYTES,
    LEVEL,
    NOT_SEND,
    TOO_LONG,
    CommandRefused,
    Draft,
    after_storing,
    check_send,
    with_part,
)

WRONG = [
    ("level", b"11", LEVEL),
    ("level", b"-1", LEVEL),
    ("level", b"3.5", LEVEL),
    ("level", "٣".encode(), LEVEL),
    ("level", b"3\n", LEVEL),
    ("level", b"", LEVEL),
    ("level", b"0" * COMMAND_BYTES, LEVEL),
    ("level", b"0" * (COMMAND_BYTES + 1), TOO_LONG),
    ("level", b"\xff", CHOICE),
    ("site", b"knee", CHOICE),
    ("site", b"Left knee", CHOICE),
    ("site", b"during", CHOICE),
    ("moment", b"during\n", CHOICE),
]


@pytest.mark.parametrize(("part", "payload", "reason"), WRONG)
def test_what_is_no_part_is_refused_with_a_reason(part: str, payload: bytes, reason: str) -> None:
    with pytest.raises(CommandRefused) as caught:
        with_part(Draft(), part, payload, CHOICES)
    assert caught.value.reason == reason


@pytest.mark.parametrize("level", range(11))
def test_a_level_is_a_whole_number_from_0_to_10(level: int) -> None:
    assert with_part(Draft(), "level", str(level).encode(), CHOICES).level == level


@given(st.sampled_from(["level", "site", "moment", "send"]), st.binary(max_size=80))
def test_whatever_comes_is_taken_or_refused(part: str, payload: bytes) -> None:
    """Nothing else happens, and the reason never repeats the sender's words."""
    reason = None
    try:
        if part == "send":
            check_send(payload)
            assert payload == b"send"
        else:
            draft = with_part(Draft(), part, payload, CHOICES)
            assert getattr(draft, part) is not None
    except CommandRefused as refused:
        reason = refused.reason
    assert reason in (None, CHOICE, LEVEL, NOT_SEND, TOO_LONG)


def test_after_an_entry_only_the_site_stays() -> None:
    now = datetime(2026, 11, 26, 7, tzinfo=UTC)
    draft = after_storing(Draft(3, "left knee", "during", "refused", "why"), now)
    assert draft == Draft(None, "left knee", None, "stored", None, now)
