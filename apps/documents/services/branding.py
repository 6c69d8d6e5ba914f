"""Setting the logo that stands on a shipper's papers and its desk."""

from datetime import datetime

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.documents import store
from apps.documents.logo import as_logo
from apps.documents.models import Logo


@transaction.atomic
def set_logo(*, actor: Actor, content: bytes, file_name: str, now: datetime) -> Logo:
    """Put a picture in place of the current shipper's logo; papers issued from now on carry it.

    Raises:
        PermissionRefused: ``actor`` does not administer this shipper.
        UploadTooLarge, UploadRefused: as ``logo.as_logo``; the logo stays what it was.
    """
    require(actor, "documents.brand")
    stored = store.put(as_logo(content, file_name))
    logo, _ = Logo.objects.update_or_create(
        only=True,
        defaults={
            "path": stored.path,
            "sha256": stored.sha256,
            "size": stored.size,
            "set_at": now,
            "set_by": actor.name,
        },
    )
    return logo


@transaction.atomic
def remove_logo(*, actor: Actor) -> None:
    """Papers and desk carry the name alone again; what was issued keeps what it shows.

    Raises:
        PermissionRefused: ``actor`` does not administer this shipper.
    """
    require(actor, "documents.brand")
    Logo.objects.all().delete()
