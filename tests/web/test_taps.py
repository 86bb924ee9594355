"""What is tapped, chosen or focused counts, whatever the page receives just then and however slow the line is."""

import pytest

from web.browsing import OPEN_ALL, Open, sent_by


@pytest.mark.parametrize(
    ("path", "field", "keys", "button", "said"),
    [
        ("symptoms", "#say-moment-before", ["Enter"], "#pain-7", "pain=7"),
        ("symptoms", "#more-words [type=checkbox]", ["Space", "Enter"], "#pain-7", "pain=7"),
        ("strength", "#sets", ["Enter"], "#group-calves", "group=calves"),
        ("strength", "#date", ["Enter"], "#group-calves", "group=calves"),
        ("trend", "#say [type=checkbox]", ["Space", "Enter"], "#say [value=ran_without]", "what=ran_without"),
    ],
)
def test_enter_in_a_field_presses_none_of_several_buttons(
    open_page: Open, path: str, field: str, keys: list[str], button: str, said: str
) -> None:
    page = open_page(path)
    page.evaluate(OPEN_ALL)
    sent = sent_by(page)
    for key in keys:
        page.locator(field).first.press(key)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator(button).click()
    (form,) = sent
    assert said in form.split("&")
