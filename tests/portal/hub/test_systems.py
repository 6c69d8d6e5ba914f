"""Keys of other systems: made, listed, used and ended at the desk and at the hub, each for its own."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.custody.models import CustodyEvent
from apps.custody.selectors import entries
from apps.integrations.models import ApiKey
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW
from tests.portal.hub.test_records import OWN, nadia, visits

__all__ = ["nadia", "visits"]

TYPED = {"name": "Swift TMS", "days": "30", "scopes": ["epcis.query", "epcis.capture"]}


@pytest.fixture
def ada_at_desk(browse: Callable[..., Client]) -> Client:
    """Administrator at Acme."""
    return browse("ada@acme.example", "acme")


def _token(answer: Any) -> str:
    assert answer.status_code == 201, answer.content.decode()
    return re.search(r'id="token"[^>]*value="([^"]+)"', answer.content.decode())[1]


def _ask(token: str, slug: str, path: str = "events") -> Any:
    client = Client(SERVER_NAME=f"{slug}.localhost", headers={"authorization": f"Bearer {token}"})
    return client.get(f"/api/epcis/2.0/{path}")


def _keys(shipper: Shipper) -> list[ApiKey]:
    with doorway.enter_shipper(shipper):
        return list(ApiKey.objects.order_by("id"))


def _on_record(shipper: Shipper) -> list[tuple[str, str, str]]:
    with doorway.enter_shipper(shipper):
        told = entries(CustodyEvent.objects.filter(type__startswith="access_granted")) + entries(
            CustodyEvent.objects.filter(type="access_revoked")
        )
        return [(each.type, each.actor, each.details["what"]) for each in told]


def test_a_key_is_shown_once_opens_is_seen_in_use_and_is_revoked(ada_at_desk, acme, clock, visits):
    token = _token(ada_at_desk.post("/systems/", TYPED))
    assert _ask(token, "acme").status_code == 200
    (key,) = _keys(acme)
    page = ada_at_desk.get("/systems/").content.decode()

    assert (key.name, key.made_by, key.last_used_at) == ("Swift TMS", "Ada Aker", NOW)
    assert key.expires_at == NOW + timedelta(days=30)
    assert token not in page
    assert "Swift TMS" in page
    ada_at_desk.post(f"/systems/{key.pk}/revoke/")
    assert _ask(token, "acme").status_code == 401
    assert "revoked" in ada_at_desk.get("/systems/").content.decode()
    assert ada_at_desk.post(f"/systems/{key.pk}/revoke/").status_code == 404
    assert _on_record(acme) == [
        ("access_granted", "Ada Aker", "API key of Swift TMS"),
        ("access_revoked", "Ada Aker", "API key of Swift TMS"),
    ]


def test_a_key_ends_by_itself(ada_at_desk, browse, clock, visits):
    token = _token(ada_at_desk.post("/systems/", TYPED))
    clock(NOW + timedelta(days=30))

    assert _ask(token, "acme").status_code == 401
    assert "run out" in browse("ada@acme.example", "acme").get("/systems/").content.decode()


@pytest.mark.parametrize(
    "changes", [{"name": " "}, {"scopes": []}, {"scopes": ["all"]}, {"days": "900"}, {"days": ""}]
)
def test_what_is_wrong_with_a_key_stands_at_its_field(ada_at_desk, acme, changes):
    answer = ada_at_desk.post("/systems/", TYPED | changes)

    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert _keys(acme) == []


def test_auditors_see_keys_and_make_none_and_planners_see_none(browse, ada_at_desk, acme, visits):
    ada_at_desk.post("/systems/", TYPED)
    (key,) = _keys(acme)
    arthur, alice = browse("arthur@acme.example", "acme"), browse("alice@acme.example", "acme")

    assert "Swift TMS" in arthur.get("/systems/").content.decode()
    arthur.post("/systems/", TYPED | {"name": "Mine"})
    assert [each.name for each in _keys(acme)] == ["Swift TMS"]
    assert arthur.post(f"/systems/{key.pk}/revoke/").status_code == 403
    assert alice.get("/systems/").status_code == 403
    assert browse("gina@globex.example", "globex").post(f"/systems/{key.pk}/revoke/").status_code == 404
    assert _keys(acme)[0].revoked_at is None


def test_a_recipients_key_reads_what_it_received_at_that_shipper_and_nothing_else(nadia, acme, visits):
    token = _token(nadia.post("/systems/", _asked(nadia, "acme", name="Northern WMS")))
    (key,) = _keys(acme)

    told = _ask(token, "acme", "events?perPage=1000").content.decode()
    assert OWN["acme"] in told
    assert "osprey" not in told
    assert "C-2" not in told
    assert _ask(token, "globex").status_code == 401
    assert _ask(token, "acme", "capture").status_code == 403
    assert (key.scopes, key.recipient_id) == (["epcis.query"], visits["kestrel"].site.recipient_id)
    with doorway.enter_shipper(acme):
        theirs = CustodyEvent.objects.filter(delivery_id=visits["osprey"].delivery_id, type="packed")
        hidden = f"urn:uuid:{theirs[0].pk}" if theirs else "urn:uuid:00000000-0000-7000-8000-000000000000"
        (asked,) = entries(CustodyEvent.objects.filter(type="access_viewed"))
    assert _ask(token, "acme", f"events/{hidden}").status_code == 404
    assert (asked.actor, asked.organisation) == ("Northern WMS", "Northern Hospital")


def _asked(client: Client, shipper: str, *, name: str = "WMS") -> dict[str, str]:
    recipient = client.get("/systems/").context["form"].fields["recipient"].initial
    return {"name": name, "days": "90", "shipper": shipper, "recipient": recipient}


def test_a_recipient_ends_its_own_keys_and_nobody_elses(nadia, browse, ada_at_desk, acme, globex, visits):
    for shipper in ("acme", "globex"):
        nadia.post("/systems/", _asked(nadia, shipper))
    ada_at_desk.post("/systems/", TYPED)
    own, acmes = _keys(acme)
    sam, otto = browse("sam@southern.example"), browse("otto@northern.example")

    assert "Swift TMS" not in nadia.get("/systems/").content.decode()
    assert nadia.post(f"/systems/acme/{acmes.pk}/revoke/").status_code == 404
    assert sam.post(f"/systems/acme/{own.pk}/revoke/").status_code == 404
    assert "WMS" not in sam.get("/systems/").content.decode()
    assert sam.get("/systems/").status_code == 200
    assert otto.get("/systems/").status_code == 403
    assert sam.post("/systems/", _asked(sam, "globex")).status_code == 422
    assert sam.post("/systems/", _asked(nadia, "acme")).status_code == 422
    assert nadia.post(f"/systems/acme/{own.pk}/revoke/").status_code == 302
    assert [each.revoked_at for each in _keys(acme)] == [timezone.now(), None]
    assert [each.revoked_at for each in _keys(globex)] == [None]
    assert "Northern Hospital" in ada_at_desk.get("/systems/").content.decode()
