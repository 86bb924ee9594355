"""Where it is noon: a test whose day must not turn while it runs."""

from datetime import UTC, datetime


def noon_zone() -> str:
    """The name of a time zone in which the hour after noon has just begun or is under way."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # these names count westwards
