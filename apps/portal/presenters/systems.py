"""Keys of other systems as pages list them: whose, for what, until when, when last used."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor
from apps.accounts.permissions import allows
from apps.integrations.models import ApiKey, Scope
from apps.tenancy.models import Shipper


def key_rows(
    keys: Iterable[ApiKey], *, actor: Actor, now: datetime, shipper: Shipper | None = None
) -> list[dict[str, Any]]:
    """Rows of the table of keys; with ``shipper`` those at one shipper, as the hub lists them."""
    return [_row(key, actor, now, shipper) for key in keys]


def _row(key: ApiKey, actor: Actor, now: datetime, shipper: Shipper | None) -> dict[str, Any]:
    state, label = _standing(key, now)
    return {
        "name": key.name,
        "recipient": key.recipient.name if key.recipient else "",
        "shipper": shipper.name if shipper else "",
        "scopes": [Scope(each).label for each in key.scopes],
        "made_by": key.made_by,
        "made_at": key.created_at,
        "until": key.expires_at,
        "last_used": key.last_used_at,
        "state": state,
        "state_label": label,
        "revoke_url": _revoke_url(key, shipper)
        if state == "confirmed" and allows(actor, "integrations.revoke", key)
        else "",
    }


def _standing(key: ApiKey, now: datetime) -> tuple[str, str]:
    """The state whose colour and icon fit, and the word."""
    if key.revoked_at:
        return "cancelled", _("revoked")
    return ("expired", _("run out")) if key.expires_at <= now else ("confirmed", _("in use"))


def _revoke_url(key: ApiKey, shipper: Shipper | None) -> str:
    if shipper is None:
        return reverse("desk:key_revoke", args=[key.pk])
    return reverse("hub:key_revoke", args=[shipper.slug, key.pk])
