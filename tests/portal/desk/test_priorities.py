"""The desk's page for the priority of many deliveries: chosen, set, refused, and closed to others."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.deliveries.models import Delivery
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.portal.desk.conftest import DAY

PAGE = f"/deliveries/priority/?day={DAY}"


def test_those_chosen_get_it_and_both_lists_say_so(delivery: Delivery, desk: Client) -> None:
    before = desk.get(PAGE).content.decode()
    answer = desk.post(PAGE, {"delivery": [delivery.pk], "priority": "first"}, follow=True)
    listed = desk.get(f"/?day={DAY}").content.decode()

    assert "1 delivery not loaded yet for Wednesday 4 March" in before
    assert " checked>" not in before
    assert "1 priority is changed." in answer.content.decode()
    assert '<td data-label="Priority"><span>Before others</span></td>' in answer.content.decode()
    assert '<span class="sub">Before others</span>' in listed


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"priority": "at once"}, 422, "Select a valid choice"),
        ({}, 422, "This field is required"),
        ({"priority": "first", "delivery": ["nonsense"]}, 422, "Choose at least one delivery."),
        ({"priority": "first", "delivery": ["01999999-0000-7000-8000-000000000000"]}, 404, "choose anew"),
    ],
)
def test_bad_input_is_answered_and_nothing_is_set(
    delivery: Delivery, desk: Client, typed: dict[str, object], status: int, said: str
) -> None:
    answer = desk.post(PAGE, {"delivery": [delivery.pk]} | typed)

    assert (answer.status_code, said in answer.content.decode()) == (status, True)
    assert Delivery.objects.get().priority == "normal"


def test_what_is_loaded_is_offered_no_more(delivery: Delivery, desk: Client) -> None:
    Delivery.objects.update(state="loaded")

    answer = desk.post(PAGE, {"delivery": [delivery.pk], "priority": "first"})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "D000001: priority is set before goods are loaded" in page
    assert 'name="delivery"' not in page


def test_administrators_set_it_and_auditors_and_other_shippers_do_not(
    delivery: Delivery, browse: Callable[..., Client], acme: Shipper
) -> None:
    typed = {"delivery": [delivery.pk], "priority": "first"}
    auditor = browse("arthur@acme.example", "acme").post(PAGE, typed)
    stranger = browse("bob@globex.example", "acme").post(PAGE, typed)
    elsewhere = browse("bob@globex.example", "globex").post(PAGE, typed)
    with doorway.enter_shipper(acme):
        untouched = Delivery.objects.get().priority
    administrator = browse("ada@acme.example", "acme").post(PAGE, typed)

    assert (auditor.status_code, stranger.status_code, elsewhere.status_code) == (403, 302, 404)
    assert stranger.headers["Location"].startswith("/account/login/")
    assert untouched == "normal"
    assert administrator.headers["Location"] == PAGE
    with doorway.enter_shipper(acme):
        assert Delivery.objects.get().priority == "first"
