"""What a brought-in file really is: judged by its content, made harmless, or refused with the reason.

Images are decoded and encoded anew, so nothing hidden in them survives: no EXIF, no place, no trailing
archive. PDFs stay as they are, byte for byte, since people sign them; those that could act by themselves are
refused. Tables must be UTF-8 text. Nothing else comes in: SVG, HTML, archives, office files can carry code.
"""

import io
import re
import zlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import filetype
import pikepdf
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.core.errors import DomainError

MIB = 1024 * 1024
MOST_BYTES = 20 * MIB
MOST_PIXELS = 50_000_000
MOST_PAGES = 500
#: Side of the square that a preview fits into, in pixels.
PREVIEW = 320
#: Longest side of a kept image: a page of text photographed by a phone stays readable.
LONGEST_SIDE = 4096
JPEG_QUALITY = 88

PDF, JPEG, PNG, CSV = "application/pdf", "image/jpeg", "image/png", "text/csv"
SUFFIXES = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png", CSV: ".csv"}
#: Names in a PDF of what runs, opens or sends something without being asked (ISO 32000-2, 12.6).
ACTIVE = frozenset(
    {"/JS", "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/RichMedia"}
)
#: What Pillow raises on files that are not what they claim.
_DAMAGED = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    zlib.error,
    Image.DecompressionBombError,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class UploadRefused(DomainError):
    """The file is not one that we take, or not safe to keep; nothing of it was kept."""

    code = "upload-refused"
    status = 422


class UploadTooLarge(UploadRefused):
    """The file is larger than what we take."""

    code = "upload-too-large"
    status = 413


@dataclass(frozen=True)
class Inspected:
    """A file fit to be kept, under a name with the right ending; of an image also a preview (PNG)."""

    content: bytes
    media_type: str
    file_name: str
    preview: bytes = b""


def inspect(content: bytes, name: str) -> Inspected:
    """The file as it may be kept; its type is what its content says, whatever its name does.

    Raises:
        UploadTooLarge: more than ``MOST_BYTES``.
        UploadRefused: empty, of a type that we don't take, damaged, encrypted, or able to act by itself.
    """
    require_size(len(content))
    if not content:
        raise UploadRefused(_("The file is empty. Choose it again."))
    kind = filetype.guess(content[:8192])
    media_type = kind.mime if kind else ""
    if media_type == PDF:
        _require_quiet_pdf(content)
        return Inspected(content, PDF, _named(name, PDF))
    if media_type in (JPEG, PNG, "image/webp"):
        return _image(content, name)
    if not media_type and PurePath(name).suffix.lower() in (".csv", ".txt"):
        return Inspected(_table(content), CSV, _named(name, CSV))
    raise UploadRefused(
        _("%(name)s is not a file that is taken here. Bring a PDF, a photo (JPEG, PNG, WebP) or a CSV table.")
        % {"name": _plain(name)}
    )


def require_size(size: int) -> None:
    """Refuse by size alone, before anything is read into memory.

    Raises:
        UploadTooLarge: more than ``MOST_BYTES``.
    """
    if size > MOST_BYTES:
        raise UploadTooLarge(
            _("The file has %(size)s MB; at most %(most)s MB are taken. Scan it with a lower resolution.")
            % {"size": -(-size // MIB), "most": MOST_BYTES // MIB}
        )


def _image(content: bytes, name: str) -> Inspected:
    """The picture alone, upright; a photo becomes JPEG, what has transparency stays PNG."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise UploadRefused(
                    _("The picture has %(n)s megapixels; at most %(most)s are taken.")
                    % {"n": opened.width * opened.height // 1_000_000, "most": MOST_PIXELS // 1_000_000}
                )
            is_photo = opened.format != "PNG"
            opened.load()
            picture = ImageOps.exif_transpose(opened).convert("RGB" if is_photo else "RGBA")
    except UploadRefused:
        raise
    except _DAMAGED as error:
        raise UploadRefused(_("The picture is damaged: it can't be opened. Take it again.")) from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    kept = io.BytesIO()
    if is_photo:
        picture.save(kept, "JPEG", quality=JPEG_QUALITY, optimize=True)
    else:
        picture.save(kept, "PNG", optimize=True)
    preview = io.BytesIO()
    picture.thumbnail((PREVIEW, PREVIEW))
    picture.save(preview, "PNG", optimize=True)
    media_type = JPEG if is_photo else PNG
    return Inspected(kept.getvalue(), media_type, _named(name, media_type), preview.getvalue())


def _require_quiet_pdf(content: bytes) -> None:
    """Refuse a PDF that is damaged, locked, too long, or holds anything that could act by itself."""
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise UploadRefused(_("The PDF is encrypted. Save it without a password and bring that."))
            if len(pdf.pages) > MOST_PAGES:
                raise UploadRefused(
                    _("The PDF has %(n)s pages; at most %(most)s are taken.")
                    % {"n": len(pdf.pages), "most": MOST_PAGES}
                )
            if any(_acts(thing) for thing in pdf.objects):
                raise UploadRefused(
                    _("The PDF holds a script or another action that runs by itself. Print it to a new PDF.")
                )
    except pikepdf.PasswordError as error:
        raise UploadRefused(_("The PDF is encrypted. Save it without a password and bring that.")) from error
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        raise UploadRefused(_("The PDF is damaged: it can't be opened. Save it again.")) from error


def _acts(thing: Any) -> bool:
    """Whether an object of a PDF, or what is written inside it, is an action or a program."""
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            if ACTIVE & set(one.keys()) or str(one.get("/S", "")) in ACTIVE:
                return True
            inside = [value for _, value in one.items()]
        else:
            inside = list(one) if isinstance(one, pikepdf.Array) else []
        # what lies elsewhere in the file is looked at where it lies
        waiting.extend(each for each in inside if isinstance(each, pikepdf.Object) and not each.is_indirect)
    return False


def _table(content: bytes) -> bytes:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UploadRefused(_("The table is not UTF-8 text. Save it as “CSV UTF-8”.")) from error
    if _CONTROL.search(text):
        raise UploadRefused(_("The table holds characters that no text has. Export it again as CSV."))
    return content


def _named(name: str, media_type: str) -> str:
    """The file's own name, made plain, with the ending that its content has."""
    return f"{_plain(PurePath(name).stem)[:80] or 'paper'}{SUFFIXES[media_type]}"


def _plain(name: str) -> str:
    """A name that any file system and header takes."""
    return re.sub(r"[^\w .()-]+", "-", PurePath(name.replace("\\", "/")).name).strip(" .-")[:100]
