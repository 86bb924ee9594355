"""What the one lamp shows: a pattern for each state, lit for so long in every so long, in ms."""

DARK = (0, 1000)
WATCHING = (50, 8000)
IN_SESSION = (50, 2000)
NOT_RECORDING = (500, 1000)  # something is lost now: the quickest to catch the eye
STEADY = (1000, 1000)


def is_lit(pattern, now_ms, before_ms):
    """True while the lamp is to be on; `before_ms`: when it was looked at before. A flash in between is made up for."""
    lit_ms, every_ms = pattern
    return lit_ms > 0 and (now_ms % every_ms < lit_ms or now_ms // every_ms != before_ms // every_ms)
