"""The authority is kept for good; the broker's certificate follows this computer's names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from strideload.collect import certificates
from strideload.collect.certificates import CA_FILE, SERVER_FILE, ensure_certificates

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
def test_the_certificate_is_made_anew_and_the_authority_stays(
    tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_certificates(tmp_path, NAMES)
    authority, old = (tmp_path / CA_FILE).read_bytes(), (tmp_path / SERVER_FILE).read_bytes()
    names = NAMES
    match harm:
        case "other names":
            names = frozenset({"pi", "192.0.2.8"})
        case "nearly over":
            monkeypatch.setattr(certificates, "SERVER_RENEWED", certificates.SERVER_LIFE)
        case "cut off":
            (tmp_path / SERVER_FILE).write_bytes(old[:100])
        case _:
            (tmp_path / "other").mkdir()
            ensure_certificates(tmp_path / "other", NAMES)
            (tmp_path / SERVER_FILE).write_bytes((tmp_path / "other" / SERVER_FILE).read_bytes())
    ensure_certificates(tmp_path, names)
    assert (tmp_path / CA_FILE).read_bytes() == authority
    assert (tmp_path / SERVER_FILE).read_bytes() != old
    assert named(tmp_path) == names
    assert read(tmp_path, SERVER_FILE).not_valid_after_utc > datetime.now(UTC)
    read(tmp_path, SERVER_FILE).verify_directly_issued_by(read(tmp_path, CA_FILE))


def test_own_names_have_the_loopback_and_the_local_name() -> None:
    names = certificates.own_names()
    assert {"localhost", "127.0.0.1"} <= names
    assert any(name.endswith(".local") for name in names)
