"""Rows as text, Markdown and JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence

from .figures import Row

# Column -> (heading, digits). What a row does not have stays empty.
STEPS = {
    "set": ("set", 0),
    "rate_hz": ("Hz", 0),
    "range_g": ("+-g", 0),
    "gyro": ("gyro", 0),
    "strides": ("strides", 0),
    "found": ("found", 0),
    "f1_25ms": ("F1 25", 3),
    "f1_50ms": ("F1 50", 3),
    "f1_150ms": ("F1 150", 3),
    "count_error_pct": ("count %", 1),
    "ic_bias_ms": ("contact ms", 1),
    "ic_sd_ms": ("sd", 1),
    "ic_within_sd_ms": ("sd own", 1),
    "ic_within_robust_sd_ms": ("robust", 1),
    "to_bias_ms": ("toe-off ms", 1),
    "to_sd_ms": ("sd", 1),
    "to_within_sd_ms": ("sd own", 1),
    "to_within_robust_sd_ms": ("robust", 1),
    "contact_bias_ms": ("duration ms", 1),
    "contact_sd_ms": ("sd", 1),
    "peak_bias_pct": ("peak %", 1),
    "peak_spread_pct": ("robust", 1),
    "cadence_error_pct": ("cadence %", 2),
    "cadence_within_1pct": ("in 1 %", 3),
    "kind_right": ("kind", 3),
}
_NOT_IN_A_DOCUMENT = (
    *("found", "ic_sd_ms", "ic_within_robust_sd_ms", "to_sd_ms", "to_within_sd_ms"),
    *("contact_sd_ms", "peak_spread_pct", "cadence_error_pct"),
)
CADENCE = {
    "set": ("set", 0),
    "mounting": ("mounting", 0),
    "gyro": ("gyro", 0),
    "peer": ("peer", 0),
    "found": ("found", 0),
    "found_run": ("run", 0),
    "found_walk": ("walk", 0),
    "found_uncertain": ("uncertain", 0),
    "strides_a_minute": ("a minute", 1),
    "cadence_windows": ("windows", 0),
    "cadence_error_pct": ("median %", 2),
    "cadence_within_1pct": ("in 1 %", 3),
    "cadence_within_2pct": ("in 2 %", 3),
    "cadence_without_steps": ("without steps", 0),
    "f1_25ms": ("F1 25", 3),
}
FALSE = {
    "set": ("set", 0),
    "rate_hz": ("Hz", 0),
    "gyro": ("gyro", 0),
    "peer": ("peer", 0),
    "hours": ("hours", 2),
    "found": ("false steps", 0),
    "false_per_hour": ("an hour", 1),
}
PEERS = {name: STEPS[name] for name in ("set", "rate_hz", "strides", "found", "f1_25ms", "f1_50ms")} | {
    "peer": ("peer", 0),
    "ic_sd_ms": ("contact sd", 1),
    "peak_bias_pct": ("peak %", 1),
    "cadence_error_pct": ("cadence %", 2),
    "cadence_within_1pct": ("in 1 %", 3),
}
Columns = Mapping[str, tuple[str, int]]


def parts(rows: Sequence[Row]) -> list[tuple[str, Columns, list[Row]]]:
    """(heading, columns, rows) of each kind of row."""
    false = [row for row in rows if "false_per_hour" in row]
    steps = [row for row in rows if "f1_50ms" in row and "peer" not in row]
    peers = [row for row in rows if "f1_50ms" in row and "peer" in row]
    skipped = [row for row in rows if "skipped" in row]
    cadence = [row for row in rows if not any(row is other for other in (*false, *steps, *peers, *skipped))]
    told = [
        ("Steps", STEPS, steps),
        ("Cadence of the real runs", CADENCE, cadence),
        ("Peers", PEERS, peers),
        ("Without a step", FALSE, false),
        ("Left out", {"set": ("set", 0), "skipped": ("why", 0)}, skipped),
    ]
    return [part for part in told if part[2]]


def said(value: object, digits: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    return str(value)


def text(rows: Sequence[Row]) -> str:
    return "\n\n".join(f"{heading}\n{_aligned(columns, some)}" for heading, columns, some in parts(rows))


def _aligned(columns: Columns, rows: Sequence[Row]) -> str:
    cells = [[heading for heading, _ in columns.values()], *_cells(columns, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )


def markdown(rows: Sequence[Row]) -> str:
    """Narrower than the text: the steps' spreads are those within a recording, of toe-off the robust one."""
    out: list[str] = []
    for heading, columns, some in parts(rows):
        if columns is STEPS:
            columns = {name: column for name, column in STEPS.items() if name not in _NOT_IN_A_DOCUMENT}
        out.append(f"### {heading}\n\n{_piped(columns, some)}\n")
    return "\n".join(out)


def _piped(columns: Columns, rows: Sequence[Row]) -> str:
    lines = [[heading for heading, _ in columns.values()], ["---"] * len(columns), *_cells(columns, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cells(columns: Columns, rows: Iterable[Row]) -> list[list[str]]:
    return [[said(row.get(name), digits) for name, (_, digits) in columns.items()] for row in rows]


def to_json(rows: Sequence[Row], **about: object) -> str:
    """One row a line, floats to six figures, so that two tables can be compared line by line."""
    lines = [
        json.dumps({name: float(f"{v:.6g}") if isinstance(v, float) else v for name, v in row.items()})
        for row in rows
    ]
    head = json.dumps(about)[1:-1]
    return "{" + head + (", " if head else "") + '"rows": [\n' + ",\n".join(lines) + "\n]}\n"
