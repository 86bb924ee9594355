"""A small reader of TOML for boards that have none: flat keys with text or whole numbers, as settings.toml has them.

What it takes means the same to every reader of TOML; tables, lists, dates, floats and booleans are refused, and so are
texts of several lines.
"""

NO_VALUE = "%s is neither text nor a whole number"
_DIGITS = "0123456789"
_BARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_BASES = {"0x": (16, "0123456789abcdefABCDEF"), "0o": (8, "01234567"), "0b": (2, "01")}


class NoNumber(Exception):
    """What stands there is no whole number."""


def read(lines):
    """Dict of the keys in `lines` (an open file, or any lines of text). ValueError names the line."""
    settings = {}
    for number, line in enumerate(lines, 1):
        try:
            _read_line(line.rstrip("\r\n"), settings)
        except ValueError as error:
            raise ValueError("line %d: %s" % (number, error)) from error
    return settings


def _read_line(line, settings):
    text = line.strip(" \t")
    if text.startswith("#"):
        _need_printable(text)
    if not text or text.startswith("#"):
        return
    if text.startswith("["):
        raise ValueError("a table, and settings are flat")
    key, equals, rest = text.partition("=")
    key = key.strip(" \t")
    if not equals or not key or not all(c in _BARE for c in key):
        raise ValueError("not KEY = value")
    if key in settings:
        raise ValueError("%s is there twice" % key)
    try:
        value, rest = _read_value(rest.strip(" \t"))
    except NoNumber as error:
        raise ValueError(NO_VALUE % key) from error
    rest = rest.strip(" \t")
    if rest and not rest.startswith("#"):
        raise ValueError(NO_VALUE % key)
    _need_printable(rest)
    settings[key] = value


def _read_value(text):
    """(value, what stands behind it)."""
    if text[:3] in ('"""', "'''"):
        raise ValueError("a text has one line")
    if text.startswith('"'):
        return _read_text(text)
    if text.startswith("'"):
        end = text.find("'", 1)
        if end < 0:
            raise ValueError("the text does not end")
        _need_printable(text[:end])
        return text[1:end], text[end + 1 :]
    end = 0
    while end < len(text) and text[end] not in " \t#":
        end += 1
    return _read_number(text[:end]), text[end:]


def _read_text(text):
    """The same for a text with escapes."""
    parts = []
    at = 1
    while at < len(text) and text[at] != '"':
        if text[at] != "\\":
            _need_printable(text[at])
            parts.append(text[at])
            at += 1
            continue
        kind = text[at + 1 : at + 2]
        at += 2
        if kind in _ESCAPES:
            parts.append(_ESCAPES[kind])
        elif kind == "u" or kind == "U":
            size = 4 if kind == "u" else 8
            parts.append(_character(text[at : at + size], size))
            at += size
        else:
            raise ValueError("\\%s is no escape" % kind)
    if at >= len(text):
        raise ValueError("the text does not end")
    return "".join(parts), text[at + 1 :]


def _character(digits, size):
    if len(digits) != size or not all(c in _BASES["0x"][1] for c in digits):
        raise ValueError("an escape has %d hex digits" % size)
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError("no character has the number 0x%x" % code)
    return chr(code)


def _read_number(text):
    base, digits = _BASES.get(text[:2], (10, _DIGITS))
    body = text[2:] if base != 10 else text[1:] if text[:1] in ("+", "-") else text
    parts = body.split("_")
    if not all(part and all(c in digits for c in part) for part in parts):
        raise NoNumber  # without the text: it may be a password that lacks its quotes
    if base == 10 and len(body) > 1 and body[0] == "0":
        raise NoNumber
    value = int("".join(parts), base)
    return -value if text[0] == "-" else value


def _need_printable(text):
    for c in text:
        if (c < " " and c != "\t") or c == "\x7f":
            raise ValueError("a control character, 0x%02x" % ord(c))
