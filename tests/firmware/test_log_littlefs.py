"""The log on littlefs, as MicroPython has it: power cuts and spoilt bits below the file system, and what it costs."""

from collections.abc import Callable

import pytest

from strideload_pod.log import SEGMENT_PAGES, Log, LogError
from strideload_pod.page import STREAM_RAW, STREAM_STEPS
from support.littlefs import BLOCK, LittleFlash, cuts
from support.log_life import LIVES, POD, STORE, Life, Witness, assert_kept, page_of, pages_of

# Of some thousand programs and erases a few hundred are looked at, others in each life: bench/test_log.py has them all.
LOOKED_AT = 60


@pytest.mark.parametrize("live", LIVES)
def test_power_may_fail_in_any_program_or_erase(live: Callable[..., Life]) -> None:
    """Before it and in the midst of it: littlefs mounts, and the log keeps what it promised."""
    life = live(LittleFlash)
    for cut in cuts(life.flashes, life.before, every=max(1, life.point // LOOKED_AT)):
        assert_kept(cut, life, thorough=False)
