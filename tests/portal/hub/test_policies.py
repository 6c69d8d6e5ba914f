"""The recipient's policies: listed for every partner, set in words, never overwritten, nobody else's."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.appointments.models import AnswerPolicy, Appointment
from apps.facilities.models import Site
from apps.tenancy.models import Shipper

TYPED = {
    "accepts": "on",
    "weekdays": ["1", "2"],
    "opens": "08:00",
    "closes": "12:00",
    "most_pallets": "10",
    "remind_also": "boss@northern.example",
}


@pytest.fixture
def address(northern_site: Site) -> str:
    return f"/sites/{northern_site.pk}/policies/"


def test_partners_are_answered_by_people_until_a_policy_is_set(
    rita_at_hub: Client, address: str, acme: Shipper
) -> None:
    before = rita_at_hub.get(address).context["lines"]
    answer = rita_at_hub.post(f"{address}{acme.pk}/", TYPED)
    after = {line["name"]: line for line in rita_at_hub.get(address).context["lines"]}

    assert [(line["name"], line["answers"]) for line in before] == [
        ("Every shipper", False),
        ("Acme Medical", False),
        ("Globex Pharma", False),
    ]
    assert answer["Location"] == address
    assert after["Acme Medical"]["sentences"] == [
        "Accepts Mon, Tue, between 08:00 and 12:00, up to 10 pallets.",
        "Reminds boss@northern.example too.",
    ]
    assert (after["Acme Medical"]["set_by"], after["Globex Pharma"]["answers"]) == ("Rita Reyes", False)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"opens": "08:00"}, "closes"),
        ({"opens": "12:00", "closes": "08:00"}, "closes"),
        ({"opens": "25:00", "closes": "08:00"}, "opens"),
        ({"most_pallets": "0"}, "most_pallets"),
        ({"counter_slots": "6"}, "counter_slots"),
        ({"weekdays": ["8"]}, "weekdays"),
        ({"remind_also": "nobody"}, "remind_also"),
    ],
)
def test_what_can_not_hold_is_said_beside_its_field(
    rita_at_hub: Client, address: str, typed: dict[str, str], field: str
) -> None:
    answer = rita_at_hub.post(f"{address}every/", typed)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not AnswerPolicy.objects.exists()


def test_a_policy_that_changed_meanwhile_is_not_overwritten(rita_at_hub: Client, address: str) -> None:
    rita_at_hub.post(f"{address}every/", TYPED)
    version = rita_at_hub.get(f"{address}every/").context["held"].version
    rita_at_hub.post(f"{address}every/", TYPED | {"most_pallets": "4", "version": version})

    answer = rita_at_hub.post(f"{address}every/", {"version": version})

    assert answer.status_code == 409
    assert "Somebody else changed this policy" in answer.content.decode()
    assert AnswerPolicy.objects.get().most_pallets == 4


def test_a_dropped_policy_leaves_the_answers_to_people(rita_at_hub: Client, address: str) -> None:
    rita_at_hub.post(f"{address}every/", TYPED)

    rita_at_hub.post(f"{address}every/", {"action": "drop"})

    assert not AnswerPolicy.objects.exists()


@pytest.mark.parametrize(
    ("email", "status"),
    [("otto@northern.example", 403), ("nadia@northern.example", 403), ("sam@southern.example", 404)],
)
def test_only_its_receiving_manager_reads_or_sets_them(
    browse: Callable[..., Client],
    rita_at_hub: Client,
    address: str,
    acme: Shipper,
    email: str,
    status: int,
) -> None:
    rita_at_hub.post(f"{address}{acme.pk}/", TYPED)
    visitor = browse(email)

    for page in (address, f"{address}every/", f"{address}{acme.pk}/"):
        assert visitor.get(page).status_code == status
    assert visitor.post(f"{address}{acme.pk}/", {"action": "drop"}).status_code == status
    assert AnswerPolicy.objects.count() == 1


def test_somebody_who_is_no_partner_has_no_page(
    browse: Callable[..., Client], southern_site: Site, globex: Shipper
) -> None:
    sam = browse("sam@southern.example")

    assert sam.get(f"/sites/{southern_site.pk}/policies/{globex.pk}/").status_code == 404


def test_the_appointment_says_why_the_policy_left_it_to_a_person(
    rita_at_hub: Client, address: str, asked: Appointment, acme: Shipper
) -> None:
    before = rita_at_hub.get(f"/appointments/{asked.pk}/").context["policy_says"]
    rita_at_hub.post(f"{address}{acme.pk}/", {"accepts": "on", "opens": "08:00", "closes": "12:00"})

    page = rita_at_hub.get(f"/appointments/{asked.pk}/").content.decode()

    assert before == ""
    assert "A policy leaves this to a person: It begins too early." in page
