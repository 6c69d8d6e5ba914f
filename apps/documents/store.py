"""The private store: files by their content, each shipper's in a folder of its own.

``<STORE_DIR>/<schema>/documents/<first two of the digest>/<digest>``. The schema is always that of the
connection, so a path of another shipper is refused as if it were not there. Nothing is changed or removed;
what is put twice is there once, and a file whose transaction was rolled back is one that nobody refers to.
With ``STORE_BACKEND`` the same paths are names in an object store, Django's default storage.
"""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage

from apps.core.errors import DomainError
from apps.tenancy import doorway

PIECE = 1 << 20
_DIGEST = r"(?P<digest>(?P<folder>[0-9a-f]{2})[0-9a-f]{62})"
_PATH = re.compile(rf"(?P<schema>[a-z][a-z0-9_]*)/documents/(?P<first>[0-9a-f]{{2}})/{_DIGEST}", re.ASCII)


class FileNotInStore(DomainError):
    """There is no such file in this shipper's part of the store."""

    code = "file-not-found"
    status = 404


class FileAltered(DomainError):
    """The file's content is not what its name says: it was changed or damaged outside Dockside."""

    code = "file-altered"
    status = 500


@dataclass(frozen=True)
class StoredFile:
    """A file in the store; ``path`` is relative to it and what a row keeps, ``size`` is in bytes."""

    sha256: str
    path: str
    size: int


def put(content: bytes) -> StoredFile:
    """Keep ``content`` for the current shipper; it is on disk, whole, when this returns.

    Raises:
        UnknownShipper: the connection is in the network schema, which owns no files.
    """
    digest = hashlib.sha256(content).hexdigest()
    stored = StoredFile(digest, f"{_current_schema()}/documents/{digest[:2]}/{digest}", len(content))
    bucket = _bucket()
    if bucket is not None:
        _send(bucket, stored, content)
        return stored
    target = _root() / stored.path
    if not _holds(target, digest):
        _write(target, content)
    return stored


def open(path: str) -> BinaryIO:  # read as store.open, which is what it does
    """The file at ``path``, open for reading at its start, after checking that its content is what was put.

    Raises:
        FileNotInStore: there is none, or it is not the current shipper's.
        FileAltered: its content changed since it was put.
    """
    match = _PATH.fullmatch(path)
    if match is None or match["schema"] != _current_schema() or match["first"] != match["folder"]:
        raise FileNotInStore("There is no such file here.")
    bucket = _bucket()
    try:
        file = cast(BinaryIO, bucket.open(path)) if bucket is not None else (_root() / path).open("rb")
    except OSError as error:
        raise FileNotInStore("There is no such file here.") from error
    if _digest(file) != match["digest"]:
        file.close()
        raise FileAltered("The stored file is damaged: its content is not what was stored.")
    file.seek(0)
    return file


def read(path: str) -> bytes:
    """The content at ``path``; raises as ``open`` does."""
    with open(path) as file:
        return file.read()


def _bucket() -> Storage | None:
    """The object store, where one is set up."""
    return default_storage if settings.STORE_BACKEND else None


def _send(bucket: Storage, stored: StoredFile, content: bytes) -> None:
    """Put a file into the object store unless it is there, whole."""
    try:
        if bucket.size(stored.path) == stored.size:
            return
        bucket.delete(stored.path)
    except OSError:  # not there
        pass
    name = bucket.save(stored.path, ContentFile(content))
    if name != stored.path:  # somebody else was first
        bucket.delete(name)


def _digest(file: BinaryIO) -> str:
    """Read in pieces: files of an object store are no real files, so ``file_digest`` does not take them."""
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _root() -> Path:
    return Path(settings.STORE_DIR)


def _current_schema() -> str:
    return str(doorway.current_shipper().schema_name)


def _holds(target: Path, digest: str) -> bool:
    try:
        with target.open("rb") as file:
            return _digest(file) == digest
    except FileNotFoundError:
        return False


def _write(target: Path, content: bytes) -> None:
    """Write beside the target, then rename over it: a reader sees all or nothing, a power cut included."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    for folder in (target.parent, target.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
