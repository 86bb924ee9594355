"""RAM of the whole pod on MicroPython does not grow unseen. `./run bench bench/test_pod_memory.py` has its parts."""

from pathlib import Path

from support.pod_memory import pod_memory

AIM = 90_000
MOST = 200_000  # docs/pod.md says what is in it, and what would bring it nearer to the aim


def test_a_pod_that_runs_stays_below_its_bound(tmp_path: Path) -> None:
    """From .mpy, as it is installed: code, buffers, driver and client."""
    in_all = pod_memory(tmp_path / "flash", "mpy")["in all"]
    assert AIM < in_all < MOST  # below the aim, the bound is the aim
