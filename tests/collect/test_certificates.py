"""The authority is kept for good; the certificates of broker and page follow this computer's names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from strideload.collect.certificates import BROKER, CA_FILE, PAGE, ensure_certificates, own_names

SERVER_FILE = BROKER.file
NAMES = frozenset({"pi", "pi.local", "192.0.2.7", "fd00::7"})


def read(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / name).read_bytes())


def named(folder: Path) -> set[str]:
    names = read(folder, SERVER_FILE).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name) for name in names.get_values_for_type(x509.DNSName)} | {
        str(address) for address in names.get_values_for_type(x509.IPAddress)
    }


def test_the_certificate_names_this_computer_and_is_of_the_authority(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES)
    assert named(tmp_path) == NAMES
    read(tmp_path, SERVER_FILE).verify_directly_issued_by(read(tmp_path, CA_FILE))


def test_nothing_changes_while_all_is_good(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    ensure_certificates(tmp_path, NAMES)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("harm", ["other names", "nearly over", "cut off", "of another authority"])
def test_the_certificate_is_made_anew_and_the_authority_stays(tmp_path: Path, harm: str) -> None:
    ensure_certificates(tmp_path, NAMES)
    authority, old = (tmp_path / CA_FILE).read_bytes(), (tmp_path / SERVER_FILE).read_bytes()
    names, server = NAMES, BROKER
    match harm:
        case "other names":
            names = frozenset({"pi", "192.0.2.8"})
        case "nearly over":
            server = replace(BROKER, renewed=BROKER.life)
        case "cut off":
            (tmp_path / SERVER_FILE).write_bytes(old[:100])
        case _:
            (tmp_path / "other").mkdir()
            ensure_certificates(tmp_path / "other", NAMES)
            (tmp_path / SERVER_FILE).write_bytes((tmp_path / "other" / SERVER_FILE).read_bytes())
    ensure_certificates(tmp_path, names, server)
    assert (tmp_path / CA_FILE).read_bytes() == authority
    assert (tmp_path / SERVER_FILE).read_bytes() != old
    assert named(tmp_path) == names
    assert read(tmp_path, SERVER_FILE).not_valid_after_utc > datetime.now(UTC)
    read(tmp_path, SERVER_FILE).verify_directly_issued_by(read(tmp_path, CA_FILE))


def test_own_names_have_the_loopback_and_the_local_name() -> None:
    names = own_names()
    assert {"localhost", "127.0.0.1"} <= names
    assert any(name.endswith(".local") for name in names)


def test_the_page_has_one_of_its_own_which_phones_take(tmp_path: Path) -> None:
    """Apple's devices refuse a certificate that holds for more than 825 days."""
    ensure_certificates(tmp_path, NAMES)
    broker = (tmp_path / SERVER_FILE).read_bytes()
    ensure_certificates(tmp_path, NAMES, PAGE)
    page = read(tmp_path, PAGE.file)
    page.verify_directly_issued_by(read(tmp_path, CA_FILE))
    assert page.not_valid_after_utc - page.not_valid_before_utc <= timedelta(days=825)
    assert page.not_valid_after_utc > datetime.now(UTC) + PAGE.renewed
    assert (tmp_path / SERVER_FILE).read_bytes() == broker
