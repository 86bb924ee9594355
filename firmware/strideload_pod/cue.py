"""Cadence off its target -> a cue is due. Knows neither motor nor time of day.

A cue is due when the mean cadence of the last ten seconds of running lies outside the band, and none was due for
twenty. It is given in a share of the run that fades: full for four runs, less in the next three, none from the eighth
on. Within a run the share is of every four minutes, so that a faded run has both.
"""

SHARE_PERCENT = (100, 100, 100, 100, 75, 50, 25, 0)  # by run, from the first
BAND_PERMILLE = 25
WINDOW_MS = 10_000
EVERY_MS = 20_000
CYCLE_MS = 240_000
STRIDES_LIMIT = 40  # in ten seconds: 240 strides a minute of one foot are twice what anyone runs


def share_percent(run):
    """Share of the `run`th run (from 1) in which cues are given."""
    return SHARE_PERCENT[min(run, len(SHARE_PERCENT)) - 1]


class Cue:
    """Watches the strides of one run, the `run`th of the programme, from 1. `target_cspm`: 1/100 step a minute."""

    def __init__(self, target_cspm, run, began_tick_ms):
        self.target_cspm = target_cspm
        self.run = run
        self.share_percent = share_percent(run)
        self.cadence_cspm = 0  # mean of the last ten seconds when a cue was due
        self.running_ms = 0
        self._began_tick_ms = began_tick_ms
        self._due_tick_ms = None
        self._strides = []  # of the last ten seconds, in microseconds
        self._sum_us = 0

    def forget(self):
        """What comes next does not follow on what came: a walk, a gap, a stride of unknown length."""
        self._strides = []
        self._sum_us = 0

    def hear(self, stride_us, tick_ms):
        """A running stride that was known at `tick_ms`. -> True when a cue is due."""
        self.running_ms += stride_us // 1000
        strides = self._strides
        strides.append(stride_us)
        self._sum_us += stride_us
        while len(strides) > STRIDES_LIMIT or self._sum_us - strides[0] >= WINDOW_MS * 1000:
            self._sum_us -= strides.pop(0)
        if self._sum_us < WINDOW_MS * 1000:
            return False
        self.cadence_cspm = (len(strides) * 12_000_000_000 + self._sum_us // 2) // self._sum_us
        off_cspm = abs(self.cadence_cspm - self.target_cspm)
        if off_cspm * 1000 <= self.target_cspm * BAND_PERMILLE:
            return False
        if self._due_tick_ms is not None and tick_ms - self._due_tick_ms < EVERY_MS:
            return False
        self._due_tick_ms = tick_ms
        return True

    def is_given(self, tick_ms):
        """True where the fading lets a cue through."""
        return (tick_ms - self._began_tick_ms) % CYCLE_MS * 100 < self.share_percent * CYCLE_MS
