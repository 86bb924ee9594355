"""The tables of what people say and hold here: who may come in, symptoms, shoes, strength, plans, activities.

None of it can be made anew from pages. Times are us since 1970 (`_utc_us`), dates are YYYY-MM-DD; secrets are kept as
hashes only. Ids are random hex, so that none tells how many there are.
"""

from typing import Final

import sqlalchemy as sa

from strideload.store.schema import metadata


def _runner(*, key: bool = False) -> "sa.Column[str]":
    return sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=key, nullable=False)


def _session_of_run() -> "list[sa.Column[int]]":
    """By what `named` finds a run again once its time has changed; null: it had no session when it was named."""
    return [sa.Column("session_id", sa.BigInteger), sa.Column("session_utc_us", sa.BigInteger)]


# Who may come in, and how a runner wants to be shown things. A runner without a row has no login yet.
accounts: Final = sa.Table(
    "accounts",
    metadata,
    _runner(key=True),
    sa.Column("login", sa.Text, unique=True),  # null: none yet; folded to one case
    sa.Column("password_hash", sa.Text),  # argon2id; null: no password yet
    sa.Column("keeper", sa.Boolean, nullable=False),  # may add runners, hand out pods and set them
    sa.Column("units", sa.Text, nullable=False),  # km, miles
    sa.Column("publish_day", sa.Boolean, nullable=False),  # the day over MQTT, to dashboards
    sa.Column("publish_symptoms", sa.Boolean, nullable=False),  # status and entry of pain, too
    sa.Column("made_utc_us", sa.BigInteger, nullable=False),
    sa.Column("password_set_utc_us", sa.BigInteger),  # null: no password, or nobody knows when
)

logins: Final = sa.Table(
    "logins",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    _runner(),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("made_utc_us", sa.BigInteger, nullable=False),
    sa.Column("seen_utc_us", sa.BigInteger, nullable=False),
    sa.Column("expires_utc_us", sa.BigInteger, nullable=False),
    sa.Index("logins_runner", "runner"),
)

# A link to set a password is a token of this scope alone, which opens nothing else.
SET_PASSWORD: Final = "password"

tokens: Final = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    _runner(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),  # separated by spaces, in order of the alphabet
    sa.Column("made_utc_us", sa.BigInteger, nullable=False),
    sa.Column("expires_utc_us", sa.BigInteger),  # null: until it is taken back
    sa.Column("used_utc_us", sa.BigInteger),
    sa.Index("tokens_runner", "runner"),
)

# A diary shown to somebody else, such as a physiotherapist, by a link.
shares: Final = sa.Table(
    "shares",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    _runner(),
    sa.Column("name", sa.Text, nullable=False),  # for whom
    sa.Column("from_date", sa.Text, nullable=False),
    sa.Column("to_date", sa.Text, nullable=False),
    sa.Column("made_utc_us", sa.BigInteger, nullable=False),
    sa.Column("expires_utc_us", sa.BigInteger, nullable=False),
    sa.Index("shares_runner", "runner"),
)

# Symptoms: a row a version of an entry, so that nothing said before is overwritten. The highest version holds.
symptoms: Final = sa.Table(
    "symptoms",
    metadata,
    sa.Column("entry", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    _runner(),
    sa.Column("run_utc_us", sa.BigInteger),  # start of the run that it belongs to; null: to none
    sa.Column("about_utc_us", sa.BigInteger, nullable=False),  # when it was so
    sa.Column(
        "moment", sa.Text, nullable=False
    ),  # load.symptoms: before, during, at_60_min, next_morning, other
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("pain", sa.Integer),  # 0..10, NPRS; null: not said
    sa.Column("felt", sa.Text, nullable=False),  # JSON: sorted words
    sa.Column("signs", sa.Text, nullable=False),  # JSON: sorted words
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("retracted", sa.Boolean, nullable=False),  # taken back; its history stays until it is deleted
    sa.Column("written_utc_us", sa.BigInteger, nullable=False),
    *_session_of_run(),
    sa.Index("symptoms_runner", "runner", "about_utc_us"),
)

shoes: Final = sa.Table(
    "shoes",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _runner(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("from_date", sa.Text, nullable=False),
    sa.Column("retired_date", sa.Text),  # null: in use
    sa.Index("shoes_runner", "runner"),
)

# What holds from a moment on, until another row does: as `assignments` does for pods.
usual_conditions: Final = sa.Table(
    "usual_conditions",
    metadata,
    _runner(key=True),
    sa.Column("from_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("shoe", sa.Text, sa.ForeignKey("shoes.id")),  # this and the next two: null is "not known"
    sa.Column("mount", sa.Text),
    sa.Column("surface", sa.Text),
)

# What was so in one run, whatever is usual.
run_conditions: Final = sa.Table(
    "run_conditions",
    metadata,
    _runner(key=True),
    # Start of the run when it was noted; where another row has that already, the next that is free.
    sa.Column("run_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("shoe", sa.Text, sa.ForeignKey("shoes.id")),
    sa.Column("mount", sa.Text),
    sa.Column("surface", sa.Text),
    *_session_of_run(),
)

strength: Final = sa.Table(
    "strength",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _runner(),
    sa.Column("date", sa.Text, nullable=False),
    sa.Column("muscle_group", sa.Text, nullable=False),
    sa.Column("sets", sa.Integer, nullable=False),
    sa.Column("repetitions", sa.Integer),  # a set; null: not said
    sa.Column("effort", sa.Integer),  # 0..10; null: not said
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("written_utc_us", sa.BigInteger, nullable=False),
    sa.Index("strength_runner", "runner", "date"),
)

# How a plan was set, and by whom: a row a change, the last one holds.
plans: Final = sa.Table(
    "plans",
    metadata,
    _runner(key=True),
    sa.Column("set_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("set_by", sa.Text, nullable=False),  # runner, physiotherapist
    sa.Column("settings", sa.Text, nullable=False),  # JSON
)

# Distance and elevation out of a watch's file.
activities: Final = sa.Table(
    "activities",
    metadata,
    _runner(key=True),
    sa.Column("content", sa.Text, primary_key=True),  # digest of the file
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("start_utc_us", sa.BigInteger, nullable=False),
    sa.Column("end_utc_us", sa.BigInteger, nullable=False),
    sa.Column("distance_m", sa.Float),  # null: the file tells none
    sa.Column("ascent_m", sa.Float),
    sa.Column("descent_m", sa.Float),
    sa.Column("track", sa.LargeBinary, nullable=False),  # load.activity packs it: times and distances
    sa.Column("imported_utc_us", sa.BigInteger, nullable=False),
    sa.Index("activities_start", "runner", "start_utc_us"),
)

# Where the runner placed a session whose boot never learned the time; one a boot, since its ticks tell of the others.
placements: Final = sa.Table(
    "placements",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("boot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("session", sa.BigInteger, nullable=False),
    sa.Column("start_utc_us", sa.BigInteger, nullable=False),
    sa.Column("placed_utc_us", sa.BigInteger, nullable=False),
)

# Pages that were erased for good: a pod that sends one again is told that it is here, and nothing is kept.
erasures: Final = sa.Table(
    "erasures",
    metadata,
    sa.Column("pod", sa.Text, primary_key=True),
    sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("erased_utc_us", sa.BigInteger, nullable=False),
)

KEPT: Final = (
    accounts, logins, tokens, shares, symptoms, shoes, usual_conditions, run_conditions, strength, plans, activities,
    placements, erasures,
)  # fmt: skip
