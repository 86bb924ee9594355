"""Rules of accessibility, by axe-core from npm, run in a page that is open in a browser."""

from pathlib import Path
from typing import Any, Final

from support import tools

SCRIPT: Final = Path(__file__).parents[1] / "axe" / "node_modules" / "axe-core" / "axe.min.js"
# What colours decide: all else is the same by day and by night.
OF_COLOUR: Final = ("color-contrast", "link-in-text-block")


def add_to(page: Any) -> None:
    """The page has to be in a context that bypasses its content security policy, which lets no other script in."""
    if not SCRIPT.exists():
        tools.missing("axe-core is not installed (`./run test` does it, with npm)")
    page.add_script_tag(path=str(SCRIPT))


def complaints(page: Any, rules: tuple[str, ...] = ()) -> list[str]:
    """What the rules find, one line each with the elements; of all rules unless some are named."""
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']]}"
        for one in found["violations"]
    ]
