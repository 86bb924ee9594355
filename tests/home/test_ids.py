"""An id in a topic gives no name away."""

from pathlib import Path

import pytest

from strideload.home.ids import HomeIds, HomeIdsError


def test_an_id_is_the_runners_for_good_and_of_this_folder_only(tmp_path: Path) -> None:
    one = HomeIds(tmp_path / "one")
    assert one.id_of("ada") == HomeIds(tmp_path / "one").id_of("ada")
    ids = {one.id_of("ada"), one.id_of("ben"), HomeIds(tmp_path / "two").id_of("ada")}
    assert len(ids) == 3
    assert all(len(id_) == 16 and int(id_, 16) >= 0 for id_ in ids)
    assert (tmp_path / "one" / "key").stat().st_mode & 0o777 == 0o600


def test_a_spoilt_key_is_no_other_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("xyz")
    with pytest.raises(HomeIdsError, match="cannot be used"):
        HomeIds(tmp_path).id_of("ada")
