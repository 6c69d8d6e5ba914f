"""Uploaded compliance documents: what is taken, where it is kept, and how it is given out again.

They lie in Django's default storage below ``<schema>/carriers/``, under names that say nothing. A path of
another shipper's schema is refused as if it were not there.
"""

import hashlib
import io
from dataclasses import dataclass

import filetype
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, UnidentifiedImageError

from apps.carriers.errors import FileRefused, UnknownCarrier
from apps.core.ids import new_id
from apps.tenancy.doorway import current_shipper

LARGEST = 10 * 1024 * 1024
KINDS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
MOST_PIXELS = 40_000_000
TOO_LARGE = gettext_lazy("The file is larger than 10 MB. Scan it at a lower resolution.")


@dataclass(frozen=True)
class Kept:
    """A file as it is kept: ``path`` is relative to the storage, ``size`` in bytes."""

    file_name: str
    media_type: str
    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Inspected:
    """A file that may be kept, as it will be: its name, its true media type, its content."""

    file_name: str
    media_type: str
    content: bytes

    def __str__(self) -> str:
        return self.file_name


def keep(name: str, content: bytes) -> Kept:
    """Check and store an uploaded file for the current shipper.

    Raises:
        FileRefused: as ``inspect``.
    """
    return store(inspect(name, content))


def inspect(name: str, content: bytes) -> Inspected:
    """Check an uploaded file; nothing is stored. Pictures are written anew, without metadata.

    Raises:
        FileRefused: it is too large, empty, or no PDF, JPEG or PNG, whatever its name says.
    """
    if not content:
        raise FileRefused(_("The file is empty."))
    if len(content) > LARGEST:
        raise FileRefused(str(TOO_LARGE))
    kind = filetype.guess_mime(content)
    if kind not in KINDS:
        raise FileRefused(_("Only PDF, JPEG and PNG are taken; this file is something else."))
    if kind != "application/pdf":
        content = _repainted(content, kind)
    return Inspected(_clean(name, KINDS[kind]), kind, content)


def store(file: Inspected) -> Kept:
    """Store a file that was inspected, for the current shipper."""
    path = f"{current_shipper().schema_name}/carriers/{new_id()}.{KINDS[file.media_type]}"
    saved = default_storage.save(path, ContentFile(file.content))
    return Kept(
        file_name=file.file_name,
        media_type=file.media_type,
        path=saved,
        sha256=hashlib.sha256(file.content).hexdigest(),
        size=len(file.content),
    )


def open_kept(path: str) -> "File[bytes]":
    """The file at ``path``, open for reading.

    Raises:
        UnknownCarrier: there is none, or it is not the current shipper's.
    """
    prefix = f"{current_shipper().schema_name}/carriers/"
    if not path.startswith(prefix) or ".." in path or not default_storage.exists(path):
        raise UnknownCarrier(_("There is no such file here."))
    return default_storage.open(path)


def _repainted(content: bytes, kind: str) -> bytes:
    """The picture alone: whatever else the file carried is gone."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise FileRefused(_("The picture has too many pixels. Scan it at a lower resolution."))
            out = io.BytesIO()
            if kind == "image/jpeg":
                picture.convert("RGB").save(out, "JPEG", quality=90)
            else:
                picture.save(out, "PNG")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise FileRefused(_("The picture is damaged and can't be read.")) from error
    return out.getvalue()


def _clean(name: str, suffix: str) -> str:
    """The name as it is shown and given to whoever downloads it, with the ending that is true."""
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or "document"
    safe = "".join(char for char in stem if char.isprintable() and char not in '"<>:|?*')
    return f"{safe[:150].strip() or 'document'}.{suffix}"
