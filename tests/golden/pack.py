"""Packs the named values of a golden page with the firmware's `Page`, on CPython and MicroPython alike."""

import json

from strideload_pod import page

GIVEN_BY_CLOSE = ("log", "number", "closed_sample", "closed_tick_ms")
GIVEN_BY_PAGE = ("magic", "version", "kind", "record_size", "record_count", "first_sample", "reserved_2")


def _plain(value):
    """Bytes stand as hex in JSON."""
    return bytes.fromhex(value) if isinstance(value, str) else value


def pack(text):
    """The 512 bytes of a golden page from its JSON."""
    golden = json.loads(text)
    header = golden["header"]
    made = page.Page(_plain(header["pod"]), header["stream"])
    for name in page.HEADER_NAMES:
        if name not in GIVEN_BY_CLOSE and name not in GIVEN_BY_PAGE:
            made.fields[name] = _plain(header[name])
    made.open(header["kind"], header["first_sample"], header["record_size"] != 6)
    names = page.record_layout(header["kind"], header["record_size"])[1]
    for record in golden["records"]:
        made.add(*[_plain(record[name]) for name in names])
    return bytes(made.close(*[header[name] for name in GIVEN_BY_CLOSE]))
