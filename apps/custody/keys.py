"""The logs' private keys: Ed25519 keys in files that workers alone can read, ``<schema>-<key id>.pem``; the
network's is ``network-<key id>.pem``.

Nothing that serves pages calls this module; what it may know, the verifier keys, is in the ``LogKey`` table.
A key's file is there before the database knows of it, so that a crash between leaves no log without its key.
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
from apps.custody.network.models import NetworkKey
from apps.custody.network.selectors import network_key, network_origin
from apps.custody.selectors import log_origin
from apps.tenancy.doorway import current_shipper
from apps.tenancy.models import Shipper

NETWORK = "network"


def signer() -> notes.KeySigner:
    """Who signs for the current shipper's log; the first call makes the key and publishes its public half.

    Call it in the transaction that signs, under the log's lock.

    Raises:
        LogKeyMissing: the log was signed with a key whose file is not on this machine.
    """
    shipper = current_shipper()
    published = LogKey.objects.order_by("-id").first()
    if published is None:
        key = new_key(shipper)
        LogKey.objects.bulk_create([LogKey(vkey=str(key.key))])
        return key
    vkey = notes.VerifierKey.parse(published.vkey)
    old = Path(settings.CUSTODY_KEY_DIR) / f"{shipper.schema_name}.pem"
    return _kept(vkey, log_origin(shipper), [_path(shipper.schema_name, vkey), old])


def network_signer() -> notes.KeySigner:
    """Who signs for the network's log, as `signer`; to be called in the network."""
    origin, published = network_origin(), network_key()
    if published is None:
        key = new_network_key()
        NetworkKey.objects.bulk_create([NetworkKey(vkey=str(key.key))])
        return key
    vkey = notes.VerifierKey.parse(published)
    return _kept(vkey, origin, [_path(NETWORK, vkey)])


def new_key(shipper: Shipper) -> notes.KeySigner:
    """Make a key for a shipper's log and keep it; nothing is signed with it until the database names it."""
    return _new(log_origin(shipper), shipper.schema_name)


def new_network_key() -> notes.KeySigner:
    """Make a key for the network's log, as `new_key`."""
    return _new(network_origin(), NETWORK)


def _new(origin: str, owner: str) -> notes.KeySigner:
    key = notes.KeySigner(origin, private := Ed25519PrivateKey.generate())
    _write(_path(owner, key.key), private)
    return key


def _kept(vkey: notes.VerifierKey, origin: str, paths: list[Path]) -> notes.KeySigner:
    for path in paths:
        if path.exists():
            key = _load(path, origin)
            if key.key == vkey:
                return key
    raise LogKeyMissing(
        f"The key that {origin} is signed with, {paths[0]}, is missing; bring that file here from its backup."
    )


def _path(owner: str, vkey: notes.VerifierKey) -> Path:
    return Path(settings.CUSTODY_KEY_DIR) / f"{owner}-{vkey.key_id.hex()}.pem"


def _load(path: Path, name: str) -> notes.KeySigner:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise LogKeyMissing(f"{path} holds no Ed25519 key.")
    return notes.KeySigner(name, key)


def _write(path: Path, key: Ed25519PrivateKey) -> None:
    """Write a new key, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = key.private_bytes(
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
