"""The forms of a page, as a browser would send them."""

from html.parser import HTMLParser


class Forms(HTMLParser):
    """The forms of a page by address: what stands in each field, as a browser would send it, and what is said in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.standing: dict[str, dict[str, list[str]]] = {}
        self.alerts: list[str] = []
        self._form: dict[str, list[str]] = {}
        self._select = ""
        self._text = ""
        self._alert = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name, value = found.get("name") or "", found.get("value") or ""
        if tag == "form":
            self._form = self.standing.setdefault(str(found["action"]), {})
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in found:
            self._form[self._select] = [value]
        elif tag == "input" and (found.get("type") not in ("radio", "checkbox") or "checked" in found):
            self._form.setdefault(name, []).append(value)
        elif tag == "textarea":
            self._form[name] = [""]
            self._text = name
        self._alert = found.get("role") == "alert"

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self._form[self._text] = [data]
        if self._alert:
            self.alerts.append(data)
            self._alert = False
