"""Sentences out of words."""


def capital(text: str) -> str:
    """With a capital at its beginning; "" stays."""
    return text[:1].upper() + text[1:]
