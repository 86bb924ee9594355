"""Numbers as a person reads them: thin-space groups, few digits, a dash where nothing is known."""

from datetime import date

THIN_SPACE = "\u202f"  # narrow and never broken, between groups of digits and before a unit
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
NOT_KNOWN = "\N{EN DASH}"
AT_LEAST, AT_MOST = f"≥{THIN_SPACE}", f"≤{THIN_SPACE}"  # before a bound

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def number(value: float | None, digits: int = 0) -> str:
    """`value` with `digits` decimals and its digits in groups of three: 6240 -> "6 240"; None: a dash."""
    if value is None:
        return NOT_KNOWN
    return f"{value:z,.{digits}f}".replace(",", THIN_SPACE).replace("-", "\N{MINUS SIGN}")


def duration(seconds: float | None) -> str:
    """Seconds as "45 s", "41 min" or "1 h 12 min", rounded to the unit that is shown last; None: a dash."""
    if seconds is None:
        return NOT_KNOWN
    if round(seconds) < 60:
        return f"{round(seconds)}{THIN_SPACE}s"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours}{THIN_SPACE}h"] * bool(hours) + [f"{minutes}{THIN_SPACE}min"] * bool(minutes)
    return NO_BREAK_SPACE.join(parts)


def long_date(day: date) -> str:
    """ "Sunday 22 November"; names are written here, so that no computer's locale changes the page."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def short_date(day: date) -> str:
    """ "Sun 22 Nov"."""
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"
