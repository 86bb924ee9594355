"""Nobody is told of who did not say so, and an id in a topic gives no name away."""

from pathlib import Path

import pytest

from strideload.home.consents import Consent, Consents, ConsentsError


def test_nobody_is_in_until_said_and_out_again(tmp_path: Path) -> None:
    consents = Consents(tmp_path / "home")
    assert consents.all() == {}
    consents.set("ada", Consent(day=True))
    consents.set("ben", Consent(day=True, symptoms=True))
    assert Consents(tmp_path / "home").all() == {"ada": Consent(True), "ben": Consent(True, True)}
    consents.set("ben", Consent())
    assert consents.all() == {"ada": Consent(True)}
    assert (tmp_path / "home" / "consents.json").stat().st_mode & 0o777 == 0o600


SPOILT = [
    "{",
    "[]",
    '{"ada": true}',
    '{"ada": {"day": "no", "symptoms": false}}',
    '{"ada": {"day": 1, "symptoms": 1}}',
    '{"ada": {"day": true}}',
]


@pytest.mark.parametrize("text", SPOILT)
def test_a_file_that_is_not_understood_opts_nobody_in(text: str, tmp_path: Path) -> None:
    (tmp_path / "consents.json").write_text(text)
    with pytest.raises(ConsentsError, match="cannot be read"):
        Consents(tmp_path).all()


def test_symptoms_alone_are_no_opt_in(tmp_path: Path) -> None:
    (tmp_path / "consents.json").write_text('{"ada": {"day": false, "symptoms": true}}')
    assert Consents(tmp_path).all() == {"ada": Consent(False, False)}


def test_an_id_is_the_runners_for_good_and_of_this_folder_only(tmp_path: Path) -> None:
    one = Consents(tmp_path / "one")
    assert one.id_of("ada") == Consents(tmp_path / "one").id_of("ada")
    ids = {one.id_of("ada"), one.id_of("ben"), Consents(tmp_path / "two").id_of("ada")}
    assert len(ids) == 3
    assert all(len(id_) == 16 and int(id_, 16) >= 0 for id_ in ids)


def test_a_spoilt_key_is_no_other_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("xyz")
    with pytest.raises(ConsentsError, match="cannot be used"):
        Consents(tmp_path).id_of("ada")
