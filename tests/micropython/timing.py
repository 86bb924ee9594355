"""What bytecode costs: runs timed beside one small loop, the measure, in the same process."""

import js

REPEATS = 6
LEAST_US = 40_000


def iir(samples, n, axes, level):
    """The measure: squared length, a low-pass and a threshold with hysteresis, in locals, one call a block."""
    at = 0
    above = 0
    count = 0
    for _ in range(n):
        x = samples[at] >> 3
        y = samples[at + 1] >> 3
        z = samples[at + 2] >> 3
        at += axes
        level += (x * x + y * y + z * z - level) >> 3
        if above:
            if level < 20_000:
                above = 0
        elif level > 40_000:
            above = 1
            count += 1
    return level + count


def cpu_us():
    """The process's own time: what else the computer does is left out."""
    return int(js.process.cpuUsage().user)


def once(run):
    """us that a run takes, as often as the clock needs."""
    begin = cpu_us()
    took = 0
    times = 0
    while took < LEAST_US:
        run()
        times += 1
        took = cpu_us() - begin
    return took / times


def best(n, **runs):
    """ns a sample of the quickest of some runs over n samples. They take turns."""
    least = {}
    for _ in range(REPEATS):
        for name, run in runs.items():
            least[name] = min(least.get(name, 1e9), once(run) * 1000 / n)
    return least
