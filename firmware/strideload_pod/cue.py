"""How the cadence cue fades: full for four runs, less in the next three, none from the eighth on."""

SHARE_PERCENT = (100, 100, 100, 100, 75, 50, 25, 0)  # by run, from the first


def share_percent(run):
    """Share of the `run`th run (from 1) in which cues are given."""
    return SHARE_PERCENT[min(run, len(SHARE_PERCENT)) - 1]
