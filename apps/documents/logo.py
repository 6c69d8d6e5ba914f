"""A shipper's logo: what is taken as one, and as what it stands on papers and pages."""

import base64
import io

from django.utils.translation import gettext as _
from PIL import Image

from apps.documents import store
from apps.documents.inspection import JPEG, MIB, PNG, UploadRefused, UploadTooLarge, inspect
from apps.documents.models import Logo

MOST_BYTES = 2 * MIB
LEAST_SIDE = 32
WIDEST, TALLEST = 640, 240
"""What is kept fits into so many pixels: sharp at the size papers and pages show it."""


def as_logo(content: bytes, name: str) -> bytes:
    """The picture as it is kept: PNG, painted anew without what else the file carried, no larger than needed.

    Raises:
        UploadTooLarge: more than 2 MB.
        UploadRefused: no picture, damaged, or too small to be made out on paper.
    """
    if len(content) > MOST_BYTES:
        raise UploadTooLarge(_("A logo has at most 2 MB. Save it with fewer pixels."))
    found = inspect(content, name)
    if found.media_type not in (JPEG, PNG):
        raise UploadRefused(_("A logo is a picture: PNG, JPEG or WebP."))
    with Image.open(io.BytesIO(found.content)) as picture:
        if min(picture.size) < LEAST_SIDE:
            raise UploadRefused(
                _("The logo is %(wide)d × %(tall)d pixels; it needs %(least)d on its shorter side.")
                % {"wide": picture.width, "tall": picture.height, "least": LEAST_SIDE}
            )
        kept = picture.convert("RGBA")
    kept.thumbnail((WIDEST, TALLEST))
    written = io.BytesIO()
    kept.save(written, "PNG", optimize=True)
    return written.getvalue()


def logo_content() -> bytes | None:
    """The current shipper's logo as PNG; None while it has none. One query."""
    row = Logo.objects.first()
    return None if row is None else store.read(row.path)


def logo_uri() -> str:
    """The logo as a ``data:`` address, for papers, which load nothing from outside; empty while there is
    none."""
    content = logo_content()
    return "" if content is None else f"data:image/png;base64,{base64.b64encode(content).decode()}"
