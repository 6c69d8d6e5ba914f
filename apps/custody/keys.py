"""The log's private keys: one Ed25519 key per shipper in a file that workers alone can read.

Nothing that serves pages calls this module; what it may know, the verifier key, is in the ``LogKey`` table.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from apps.custody import notes
from apps.custody.errors import LogKeyMissing
from apps.custody.models import LogKey
from apps.custody.selectors import log_origin
from apps.tenancy.doorway import current_shipper
from apps.tenancy.models import Shipper


def signer() -> notes.KeySigner:
    """Who signs for the current shipper's log; the first call makes the key and publishes its public half.

    Call it in the transaction that signs, under the log's lock.

    Raises:
        LogKeyMissing: the log was signed with a key whose file is not on this machine.
    """
    shipper = current_shipper()
    published = LogKey.objects.order_by("-id").first()
    path = _path(shipper)
    if published is None:
        _create(path)
    key = _load(path, log_origin(shipper))
    if published is None:
        LogKey.objects.bulk_create([LogKey(vkey=str(key.key))])
    elif published.vkey != str(key.key):
        raise LogKeyMissing(
            f"{path} is not the key that {log_origin(shipper)} is signed with; bring that file here."
        )
    return key


def _path(shipper: Shipper) -> Path:
    return Path(settings.CUSTODY_KEY_DIR) / f"{shipper.schema_name}.pem"


def _load(path: Path, name: str) -> notes.KeySigner:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise LogKeyMissing(
            f"The key file {path} of {name} is missing; bring it here from its backup."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LogKeyMissing(f"{path} holds no Ed25519 key.")
    return notes.KeySigner(name, key)


def _create(path: Path) -> None:
    """Write a new key, whole or not at all; one that is there already, perhaps another worker's, stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
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
