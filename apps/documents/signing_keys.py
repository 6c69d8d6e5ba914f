"""The keys that papers are signed with: RSA-3072 with a certificate, one per party, in files of the workers.

``<CUSTODY_KEY_DIR>/papers/shipper-<schema>.pem`` is made when a shipper's first paper is signed; its
certificate is signed by itself, so whoever pins it trusts it. ``recipient-<id>.pem`` is there when a
recipient entrusted one (``manage.py paper_key``). Nothing that serves pages calls this module.
"""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings

from apps.core.errors import DomainError
from apps.facilities.models import Recipient
from apps.tenancy.models import Shipper

KEY_SIZE = 3072
VALID_FOR = timedelta(days=3652)


class PaperKeyInvalid(DomainError):
    """A file that should hold a party's key and certificate doesn't."""

    code = "paper-key-invalid"
    status = 503


@dataclass(frozen=True)
class PaperKey:
    """A party's key and certificate, as DER; ``name`` is the party's."""

    name: str
    key: bytes
    certificate: bytes


def key_of_shipper(shipper: Shipper, *, now: datetime) -> PaperKey:
    """The shipper's key; the first call makes it."""
    path = _folder() / f"shipper-{shipper.schema_name}.pem"
    if not path.exists():
        _write(path, new_pem(shipper.name, now=now))
    return _load(path, shipper.name)


def key_of_recipient(recipient: Recipient | None) -> PaperKey | None:
    """The key that the recipient entrusted to this network; None when there is none."""
    path = recipient_path(recipient) if recipient else None
    return _load(path, recipient.name) if recipient and path and path.exists() else None


def recipient_path(recipient: Recipient) -> Path:
    """Where the recipient's key and certificate lie."""
    return _folder() / f"recipient-{recipient.pk}.pem"


def new_pem(name: str, *, now: datetime) -> bytes:
    """A new key with a certificate of its own making, valid from ``now`` for ten years, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def entrust(recipient: Recipient, pem: bytes) -> None:
    """Keep a recipient's key and certificate; one that is there already stays.

    Raises:
        PaperKeyInvalid: it holds no RSA key with its certificate.
    """
    _parsed(pem, recipient.name)
    _write(recipient_path(recipient), pem)


def _folder() -> Path:
    return Path(settings.CUSTODY_KEY_DIR) / "papers"


def _load(path: Path, name: str) -> PaperKey:
    return _parsed(path.read_bytes(), name)


def _parsed(pem: bytes, name: str) -> PaperKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise PaperKeyInvalid(f"{name}: the file holds no key with its certificate: {error}.") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < KEY_SIZE:
        raise PaperKeyInvalid(f"{name}: papers are signed with RSA keys of {KEY_SIZE} bits or more.")
    if certificate.public_key() != key.public_key():
        raise PaperKeyInvalid(f"{name}: the certificate is that of another key.")
    return PaperKey(
        name,
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate.public_bytes(serialization.Encoding.DER),
    )


def _write(path: Path, pem: bytes) -> None:
    """Whole or not at all; a key that is there already, perhaps another worker's, stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
