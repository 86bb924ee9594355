"""Runs the detector over every case of cases.json, with the heap locked, and writes its steps to out/NUMBER."""

import gc
import json
from array import array

import micropython
from strideload_pod import detector


def run(case, samples):
    """The steps of one case, as one array. MemoryError if anything is allocated on the way."""
    axes = 6 if case["gyro_udps_lsb"] else 3
    total = len(samples) // axes
    state = array("i", bytes(4 * detector.state_size(case["rate_mhz"], case["gyro_udps_lsb"])))
    detector.setup(state, case["rate_mhz"], case["acc_ug_lsb"], case["gyro_udps_lsb"])
    steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
    block = array("h", bytes(2 * axes * detector.BLOCK_LIMIT))
    found = array("i", bytes(4 * detector.STEP_SIZE * (50 + total // 20)))
    at = 0
    have = 0
    gap_at = array("i", [at for at, _ in case["gaps"]])
    gap_lost = array("i", [lost for _, lost in case["gaps"]])
    gaps = 0
    gc.collect()
    micropython.heap_lock()
    try:
        before = gc.mem_alloc()
        while at < total:
            n = min(case["block"], total - at)
            if gaps < len(gap_at):
                if gap_at[gaps] == at:
                    detector.gap(state, gap_lost[gaps])
                    gaps += 1
                if gaps < len(gap_at):
                    n = min(n, gap_at[gaps] - at)
            for i in range(n * axes):
                block[i] = samples[at * axes + i]
            count = detector.process(state, block, n, steps)
            for i in range(count * detector.STEP_SIZE):
                found[have + i] = steps[i]
            have += count * detector.STEP_SIZE
            at += n
        count = detector.finish(state, steps)
        for i in range(count * detector.STEP_SIZE):
            found[have + i] = steps[i]
        have += count * detector.STEP_SIZE
        grown = gc.mem_alloc() - before
    finally:
        micropython.heap_unlock()
    if grown:
        raise MemoryError(f"{grown} bytes were allocated")
    return memoryview(found)[:have]


with open("cases.json") as source:
    cases = json.load(source)
for number, case in enumerate(cases):
    with open(f"case{number}", "rb") as source, open(f"out/{number}", "wb") as made:
        made.write(run(case, array("h", source.read())))
