"""What was left at a site with a code: its people read where and how it opens, and say what they found."""

import pytest
from django.test import Client

from apps.accounts.actors import Actor, Side
from apps.appointments.models import Appointment
from apps.deliveries import services
from apps.deliveries.models import Delivery, DropEmptied
from apps.deliveries.services.handover import hand_over
from apps.deliveries.statement import Position, Statement
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.doorway import current_shipper
from apps.tenancy.models import Shipper
from tests.deliveries.test_handover import picture
from tests.factories.cast import NOW


@pytest.fixture
def left(unloading: Appointment, acme: Shipper, northern_site: Site) -> Delivery:
    """In locker 12, opened by 482913."""
    Site.objects.filter(pk=northern_site.pk).update(allows_unattended=True)
    with doorway.enter_shipper(acme):
        return left_there(Delivery.objects.get(pk=unloading.delivery_id))


def left_there(delivery: Delivery) -> Delivery:
    """Its driver leaves it in the locker, with a photo and the position."""
    Delivery.objects.filter(pk=delivery.pk).update(format="drop", code="482913")
    driver = Actor(Side.SHIPPER, name="D. Driver", shipper_id=current_shipper().pk, is_driver=True)
    this = {"actor": driver, "delivery_id": delivery.pk, "now": NOW}
    services.bring_photo(**this, content=picture(), file_name="p.jpg")
    here = Position(delivery.site.latitude, delivery.site.longitude, 9)
    said = Statement("D. Driver", "", unattended=True, position=here, place="Locker 12")
    hand_over(**this, statement=said)
    delivery.refresh_from_db()
    return delivery


def test_who_works_the_site_reads_the_code_and_says_what_was_there(
    left: Delivery,
    unloading: Appointment,
    otto_at_hub: Client,
    sam_at_hub: Client,
    acme: Shipper,
    browse,
) -> None:
    page = f"/appointments/{unloading.pk}/"
    shown = otto_at_hub.get(page).content.decode()
    with doorway.enter_shipper(acme):
        ride = left.rides.get()
        first = ride.consignment.handling_units.first().sscc
    stranger = sam_at_hub.post(f"{page}taken-out/", {"taken_by": "Sam"})
    nameless = otto_at_hub.post(f"{page}taken-out/", {"missing": [first]})
    typed = {"taken_by": "Otto Ono", "missing": [first], "note": "locker was open"}
    said = otto_at_hub.post(f"{page}taken-out/", typed, follow=True).content.decode()
    again = otto_at_hub.post(f"{page}taken-out/", typed)
    at_desk = browse("alice@acme.example", "acme").get(f"/deliveries/{left.pk}/").content.decode()

    assert all(words in shown for words in ("Locker 12", "482913", "taken-out"))
    assert (stranger.status_code, nameless.status_code, again.status_code) == (404, 422, 409)
    assert "What was found is on record." in said
    assert first in at_desk
    assert "locker was open" in at_desk
    assert "482913" not in at_desk
    with doorway.enter_shipper(acme):
        assert DropEmptied.objects.get().missing == [first]
