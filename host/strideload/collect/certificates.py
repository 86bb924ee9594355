"""A certificate authority of one's own, and certificates of broker and page, for pods and people on the network.

The authority is made once and kept: pods carry its certificate. The others name this computer, and are made anew when
the names change or they near their end.
"""

import fcntl
import ipaddress
import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from strideload.collect.credentials import write_private

CA_FILE: Final = "ca.pem"
CA_KEY_FILE: Final = "ca.key"

# A pod has no way to get a new authority but by hand, so it outlives pod and host.
CA_LIFE: Final = timedelta(days=30 * 365)
# A computer without a clock of its own may be behind when it signs.
BACKDATED: Final = timedelta(days=365)

SIOCGIFADDR: Final = 0x8915  # linux/sockios.h

Names = frozenset[str]


@dataclass(frozen=True)
class Server:
    """What shows a certificate of this authority."""

    file: str
    key_file: str
    name: str
    life: timedelta
    renewed: timedelta  # with less left than this


BROKER: Final = Server(
    "server.pem", "server.key", "Strideload broker", timedelta(days=5 * 365), timedelta(days=365)
)
# Apple's devices refuse one that holds for more than 825 days, of which the year before it was made is a part.
PAGE: Final = Server("page.pem", "page.key", "Strideload page", timedelta(days=400), timedelta(days=60))


def ensure_certificates(folder: Path, names: Names | None = None, server: Server = BROKER) -> None:
    """Make what is missing or out of date of ca.pem, the server's certificate and their keys.

    `names`: of this computer; by default its own.
    """
    authority, key = _authority(folder)
    names = own_names() if names is None else names
    if not _is_good(folder / server.file, names, authority, server.renewed):
        _make_server(folder, server, names, authority, key)


def own_names() -> Names:
    """Names and addresses under which pods may reach this computer."""
    host = socket.gethostname().partition(".")[0]
    return frozenset({host, f"{host}.local", "localhost", "127.0.0.1", *_addresses()})


def _addresses() -> set[str]:
    """IPv4 addresses of all interfaces (where the system tells), and the addresses of the default routes."""
    found: set[str] = set()
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))  # sends nothing: a datagram socket only looks up the route
                found.add(probe.getsockname()[0])
        except OSError:
            continue  # no such route
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                found.add(socket.inet_ntoa(fcntl.ioctl(probe, SIOCGIFADDR, request)[20:24]))
            except OSError:
                continue  # this interface has no address
    return found


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate((folder / CA_FILE).read_bytes())
        key = load_pem_private_key((folder / CA_KEY_FILE).read_bytes(), None)
    except FileNotFoundError:
        return _make_authority(folder)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # nobody else writes this file
    return certificate, key


def _make_authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Strideload of {socket.gethostname()}"[:64])])
    usage = _usage(signs_certificates=True)
    certificate = (
        _builder(name, name, key.public_key(), CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    _write(folder, CA_FILE, certificate, CA_KEY_FILE, key)
    return certificate, key


def _make_server(
    folder: Path,
    server: Server,
    names: Names,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, server.name)])
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in sorted(names)])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    certificate = (
        _builder(subject, authority.subject, key.public_key(), server.life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(alternatives, critical=False)
        .add_extension(identifier, critical=False)
        .sign(authority_key, SHA256())
    )
    _write(folder, server.file, certificate, server.key_file, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_good(file: Path, names: Names, authority: x509.Certificate, renewed: timedelta) -> bool:
    """True if the server's certificate is of this authority, names all `names` and lasts."""
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        certificate.verify_directly_issued_by(authority)
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, InvalidSignature, x509.ExtensionNotFound):
        return False
    lasts = certificate.not_valid_after_utc - datetime.now(UTC) > renewed
    return lasts and set(named) == {_general_name(name) for name in names}


def _write(
    folder: Path, file: str, certificate: x509.Certificate, key_file: str, key: ec.EllipticCurvePrivateKey
) -> None:
    """The old certificate goes first, the new one comes last: one that is there always has its key."""
    (folder / file).unlink(missing_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(folder / key_file, pem.decode())
    write_private(folder / file, certificate.public_bytes(Encoding.PEM).decode())
