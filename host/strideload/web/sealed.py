"""A page as one file that only a passphrase opens: any browser decrypts it, without a network.

The file is HTML: PBKDF2 with SHA-256 makes the key, AES-256-GCM encrypts, and the browser's own WebCrypto does both
again. Whoever has the file can try passphrases for as long as they like, so a short one is refused.
"""

import os
import unicodedata
from base64 import b64encode
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from markupsafe import Markup

from strideload.access import passwords
from strideload.web.rendering import STATIC, part

ITERATIONS: Final = 600_000  # PBKDF2 with SHA-256 [OWASP Password Storage Cheat Sheet]
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
SCRIPT: Final = (STATIC / "sealed.js").read_text(encoding="utf-8")
STYLE: Final = (STATIC / "page.css").read_text(encoding="utf-8")


def encrypt_page(html: str, passphrase: str) -> bytes:
    """The file. Scripts within `html` do not run, and it loads nothing. PasswordRefused: too easy to guess."""
    passwords.check(passphrase)
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    key = PBKDF2HMAC(SHA256(), 32, salt, ITERATIONS).derive(
        unicodedata.normalize("NFKC", passphrase).encode()
    )
    sealed = AESGCM(key).encrypt(nonce, html.encode(), None)
    return part(
        "sealed.html",
        script=Markup(SCRIPT),
        script_hash=b64encode(sha256(SCRIPT.encode()).digest()).decode(),
        style=Markup(STYLE),
        iterations=ITERATIONS,
        sealed=b64encode(salt + nonce + sealed).decode(),
    ).encode()
