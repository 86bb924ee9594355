"""RAM of the whole pod on MicroPython does not grow unseen. `./run bench bench/test_pod_memory.py` has its parts."""

from pathlib import Path

import pytest

from support.pod_memory import pod_memory

# From a ROMFS it is the aim. From .mpy the bytecode lies in RAM as well; docs/pod.md says what is in it.
MOST = {"mpy": 140_000, "romfs": 82_000}


@pytest.mark.parametrize("form", MOST)
def test_a_pod_that_runs_stays_below_its_bound(tmp_path: Path, form: str) -> None:
    """Code, buffers, driver and client: from .mpy as it is installed, and from a ROMFS."""
    assert pod_memory(tmp_path / "flash", form)["in all"] < MOST[form]
