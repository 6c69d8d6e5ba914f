"""Standing appointments on both sides’ pages: proposed, answered, changed, a day left out, nobody else’s."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from apps.appointments.models import StandingAppointment, StandingVisit
from apps.deliveries import services
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.test_series import agreed, series
from tests.factories.cast import NOW

__all__ = ["agreed", "series"]

TYPED = {
    "weekdays": ["3"],
    "every": "1",
    "starts": "09:00",
    "first_day": "2026-03-04",
    "load_type": "pallets",
    "pallets": "3",
    "temperature_class": "ambient",
    "message": "The weekly order.",
}


@pytest.fixture(autouse=True)
def at_the_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hub(browse: Callable[..., Client]) -> Client:
    return browse("rita@northern.example")


@pytest.fixture
def desk(browse: Callable[..., Client]) -> Client:
    return browse("alice@acme.example", "acme")


def one() -> StandingAppointment:
    with doorway.network():
        return StandingAppointment.objects.latest("id")


def test_the_desk_proposes_and_the_hub_agrees(hub, desk, northern_site):
    answer = desk.post(f"/standing/new/{northern_site.pk}/", TYPED)
    made = one()
    page = hub.get(f"/standing/{made.pk}/").content.decode()
    hub.post(f"/standing/{made.pk}/", {"action": "accept"})
    with doorway.network():
        services.run_series(now=NOW)

    assert answer.url == f"/standing/{made.pk}/"
    assert "Every week on Wed at 09:00, from 4 March 2026" in page
    assert "Northern Hospital stores answers Acme Medical’s standing appointment." in page
    assert "The weekly order." in page
    assert one().state == "agreed"
    for client, list_url in ((hub, f"/sites/{northern_site.pk}/standing/"), (desk, "/standing/")):
        assert "Every week on Wed" in client.get(list_url).content.decode()
        assert len(client.get(f"/standing/{made.pk}/").context["days"]) == 4


def test_the_hub_proposes_to_one_of_its_partners(hub, desk, northern_site, acme):
    hub.post(f"/sites/{northern_site.pk}/standing/new/", TYPED | {"partner": str(acme.pk)})

    page = desk.get(f"/standing/{one().pk}/").content.decode()

    assert "Agree to it" in page
    assert one().must_act == "shipper"


def test_other_terms_answer_a_proposal_and_change_what_is_agreed(hub, desk, series: StandingAppointment):
    terms = {key: TYPED[key] for key in ("weekdays", "every", "first_day")} | {"starts": "10:00"}

    hub.post(f"/standing/{series.pk}/terms/", terms)
    countered = one()
    desk.post(f"/standing/{series.pk}/", {"action": "accept"})
    desk.post(f"/standing/{series.pk}/terms/", terms | {"starts": "11:00"})
    change = one()
    page = hub.get(f"/standing/{series.pk}/").content.decode()

    assert (countered.pk, countered.starts.hour, countered.must_act) == (series.pk, 10, "shipper")
    assert (change.replaces_id, change.starts.hour, change.must_act) == (series.pk, 11, "recipient")
    assert "Other terms are proposed; these stand until they are agreed." in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"first_day": "2026-03-01"}, "first_day"),
        ({"last_day": "2026-03-03"}, "last_day"),
        ({"starts": "25:00"}, "starts"),
        ({"every": "0"}, "every"),
        ({"dock": "elsewhere"}, "dock"),
    ],
)
def test_what_can_not_be_is_said_beside_its_field(desk, northern_site, change, field):
    answer = desk.post(f"/standing/new/{northern_site.pk}/", TYPED | change)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_a_day_is_left_out_and_the_series_ended_by_either_side(hub, desk, agreed: StandingAppointment):
    with doorway.network():
        services.run_series(now=NOW)
        visit = StandingVisit.objects.order_by("day")[1]

    hub.post(f"/standing/{agreed.pk}/", {"action": "skip", "visit": str(visit.pk)})
    twice = hub.post(f"/standing/{agreed.pk}/", {"action": "skip", "visit": str(visit.pk)})
    desk.post(f"/standing/{agreed.pk}/", {"action": "end"})

    assert twice.status_code == 409
    with doorway.network():
        assert StandingVisit.objects.get(pk=visit.pk).state == "skipped"
    assert one().state == "ended"


def test_nobody_else_reaches_it(
    browse: Callable[..., Client],
    agreed: StandingAppointment,
    globex: Shipper,
    northern_site: Site,
    southern_site: Site,
):
    address = f"/standing/{agreed.pk}/"
    visitors = [
        (browse("bob@globex.example", "globex"), 404),
        (browse("sam@southern.example"), 404),
        (browse("otto@northern.example"), 403),
        (browse("nadia@northern.example"), 403),
        (browse("arthur@acme.example", "acme"), 403),
    ]

    for visitor, status in visitors:
        assert visitor.get(address).status_code == status
        assert visitor.get(f"{address}terms/").status_code == status
        assert visitor.post(address, {"action": "end"}).status_code == status
    bob, sam = visitors[0][0], visitors[1][0]
    assert "Every week" not in bob.get("/standing/").content.decode()
    assert bob.get(f"/standing/new/{southern_site.pk}/").status_code == 404
    assert sam.get(f"/sites/{northern_site.pk}/standing/").status_code == 404
    refused = sam.post(f"/sites/{southern_site.pk}/standing/new/", TYPED | {"partner": str(globex.pk)})
    assert refused.status_code == 422
    assert one().state == "agreed"


def test_a_day_of_another_series_can_not_be_slipped_in(hub, browse, agreed: StandingAppointment):
    for value in ("nonsense", str(agreed.pk)):
        assert hub.post(f"/standing/{agreed.pk}/", {"action": "skip", "visit": value}).status_code == 404
