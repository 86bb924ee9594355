"""RAM of the whole pod on MicroPython does not grow unseen. `./run bench bench/test_pod_memory.py` has its parts."""

from pathlib import Path

import pytest

from support.pod_memory import pod_memory

AIM = 90_000
# docs/pod.md says what is in it, and what would bring it nearer to the aim.
MOST = {"mpy": 156_000, "romfs": 97_000}


@pytest.mark.parametrize("form", MOST)
def test_a_pod_that_runs_stays_below_its_bound(tmp_path: Path, form: str) -> None:
    """Code, buffers, driver and client: from .mpy as it is installed, and from a ROMFS."""
    in_all = pod_memory(tmp_path / "flash", form)["in all"]
    assert AIM < in_all < MOST[form]  # below the aim, the bound is the aim
