"""Eight hours of running at 833 Hz, six axes, with 200 faults: what was seen, what was stored, what was counted.

The same checks as tests/test_soak.py makes over an hour at a lower rate.
"""

from pathlib import Path

import pytest

from strideload_pod.pod import PAGE_CLOSES_MS
from support.soak import Soak, as_lines, seeded, summary

HOURS = 8.0
FAULTS = 200


@pytest.mark.timeout(3600)
def test_eight_hours_with_two_hundred_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soak = Soak(tmp_path, HOURS, odr_hz=833, gyro_dps=2000, faults=seeded(FAULTS, HOURS, seed=8))
    try:
        soak.live()
        stored = soak.stored_contacts()
        late = [
            contact
            for boot, seen in soak.seen.items()
            for contact in set(seen) - set(stored.get(boot, []))
            if boot not in soak.cuts_s or soak.cuts_s[boot] - seen[contact] > PAGE_CLOSES_MS / 1000
        ]
        found = summary(soak)
        found["steps lost but for the last ten seconds before a power cut"] = len(late)
        found["expected counters"] = dict(sorted(soak.expected.items()))
        with capsys.disabled():
            print("\n" + as_lines(found))
        assert late == []
        assert {name: soak.counted[name] for name in soak.expected} == dict(soak.expected)
        assert int(soak.stored_gaps()["lost"].sum()) == soak.counted["samples_lost"]
    finally:
        soak.close()
