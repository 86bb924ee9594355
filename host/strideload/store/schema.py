"""The tables. `pages` are the truth; what `DERIVED` names can be dropped and made anew from them.

Times are us since 1970 (`_utc_us`), dates are YYYY-MM-DD, pods are 16 hex digits; unsigned 32-bit fields need
BigInteger.
"""

from typing import Final

import sqlalchemy as sa

from strideload_pod import page

metadata: Final = sa.MetaData()

# What may lie outside a session. The partial index below serves a query only if that has these very words.
TIMED: Final = f"kind IN ({page.KIND_ANCHOR}, {page.KIND_GAP}, {page.KIND_MARK}, {page.KIND_ALIVE})"

meta: Final = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

pages: Final = sa.Table(
    "pages",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("kind", sa.Integer),  # this and the next two: null in a version that is not known
    sa.Column("session", sa.BigInteger),  # 0: outside a session
    sa.Column("boot", sa.BigInteger),
    sa.Column("received_utc_us", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.LargeBinary, nullable=False),
    # By boot alone: pod and log follow it in any index of SQLite's, and named here they make it prefer the key.
    sa.Index("pages_timed", "boot", sqlite_where=sa.text(TIMED), postgresql_where=sa.text(TIMED)),
    sqlite_with_rowid=False,  # one tree, in order of numbers: as fast to write, and read in one sweep
)

streams: Final = sa.Table(
    "streams",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("wanted", sa.BigInteger, nullable=False),  # first number neither stored nor lost
)

losses: Final = sa.Table(
    "losses",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),  # gone, corrupt
)

aside: Final = sa.Table(
    "aside",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # digest of reason, topic, length and bytes
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("bytes", sa.LargeBinary, nullable=False),  # the first of them
    sa.Column("size", sa.BigInteger, nullable=False),  # how many there were
    sa.Column("received_utc_us", sa.BigInteger, nullable=False),  # the first time
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Index("aside_reason", "reason"),
)

NEVER_UTC_US: Final = 0

pods: Final = sa.Table(
    "pods",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("state", sa.Text),  # the last `state`, as it came
    sa.Column(
        "last_seen_utc_us", sa.BigInteger, nullable=False
    ),  # NEVER_UTC_US: its pages were copied off it
)

# What each pod was to have, and since when: a row a change, the highest version holds.
pod_settings: Final = sa.Table(
    "pod_settings",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("set_utc_us", sa.BigInteger, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),  # JSON: protocol.pod_settings
    sa.Column("mark_code", sa.BigInteger),  # null: no mark was asked for with it
)

runners: Final = sa.Table(
    "runners",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column(
        "ordinal", sa.Integer, nullable=False, unique=True
    ),  # the lowest has the pods that no one was given
    sa.Column("erased_utc_us", sa.BigInteger),  # null: lives. Else only a name for what must not come back
)

assignments: Final = sa.Table(
    "assignments",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("from_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
    sa.Column("foot", sa.Text, nullable=False),  # left, right, unknown
)

zones: Final = sa.Table(
    "zones",
    metadata,
    sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
    sa.Column("from_date", sa.Text, primary_key=True),
    sa.Column("zone", sa.Text, nullable=False),
)

day_notes: Final = sa.Table(
    "day_notes",
    metadata,
    sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
    sa.Column("date", sa.Text, primary_key=True),
    sa.Column("what", sa.Text, nullable=False),  # rest, ran_without
)

replays: Final = sa.Table(
    "replays",
    metadata,
    sa.Column("content", sa.Text, primary_key=True),  # digest of the recording
    sa.Column("start_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("pod", sa.Text, nullable=False),
    sa.Column("log", sa.BigInteger, nullable=False),
)

# Where a session's pages lie. Kept with the pages, so that no index over all of them is needed.
spans: Final = sa.Table(
    "spans",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("boot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("session", sa.BigInteger, primary_key=True, autoincrement=False),  # 0: outside a session
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("dirty", sa.Boolean, nullable=False),  # something of it is not derived yet
)

sessions: Final = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("pod", sa.Text, nullable=False),
    sa.Column("log", sa.BigInteger, nullable=False),
    sa.Column("boot", sa.BigInteger, nullable=False),
    sa.Column("session", sa.BigInteger, nullable=False),
    sa.Column("clock", sa.Text, nullable=False),  # derive.Dating
    sa.Column("start_utc_us", sa.BigInteger),  # null: undated
    sa.Column("end_utc_us", sa.BigInteger),
    sa.Column("duration_us", sa.BigInteger),  # null: not even the rate is known
    sa.Column("rate_mhz", sa.BigInteger),
    sa.Column("odr_hz", sa.Integer, nullable=False),  # 0: not known
    sa.Column("acc_range_g", sa.Integer, nullable=False),  # 0: not known
    sa.Column("chip", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("resampled", sa.Boolean, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("faults", sa.Text, nullable=False),  # JSON: counter -> raised by
    sa.Column("gaps", sa.Text, nullable=False),  # JSON: [[start us, lost us], ...]
    sa.Column("cues", sa.Text, nullable=False, server_default="[]"),  # JSON: derive.CueRecord each
    sa.Column("pages_lost", sa.BigInteger, nullable=False),
    sa.Column("pages_unsound", sa.BigInteger, nullable=False),  # whole, but their records do not fit
    sa.Column("anchors_dropped", sa.Integer, nullable=False),
    sa.Column("derived_by", sa.Text, nullable=False),
    sa.Column("content", sa.Text),  # derive.content_of; null: derived before it was kept
    sa.Index("sessions_start", "start_utc_us"),
    sa.Index("sessions_boot", "pod", "log", "boot"),
)

# A session's steps in one value, see derive.STORED: a day is one read, and a rebuild writes no millions of rows.
steps: Final = sa.Table(
    "steps",
    metadata,
    sa.Column(
        "session_id",
        sa.BigInteger,
        sa.ForeignKey("sessions.session_id"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

alive: Final = sa.Table(
    "alive",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("boot", sa.BigInteger, nullable=False),
    sa.Column("utc_us", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("watching", sa.Boolean, nullable=False),  # its chip was being read
    sa.Index("alive_utc", "utc_us"),
)

marks: Final = sa.Table(
    "marks",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("boot", sa.BigInteger, nullable=False),
    sa.Column("session", sa.BigInteger, nullable=False),  # 0: outside a session
    sa.Column("utc_us", sa.BigInteger),  # null: undated
    sa.Column("source", sa.Text, nullable=False),  # load.steps.MarkSource
    sa.Column("code", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Index("marks_utc", "utc_us"),
    sa.Index("marks_session", "pod", "log", "boot", "session"),
)

DERIVED: Final = (steps, sessions, alive, marks)
