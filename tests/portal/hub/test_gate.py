"""The day at the gate: check in, unload, and the one statement with which custody passes."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.appointments.models import Appointment
from apps.appointments.states import State
from apps.consignments.models import HandlingUnit
from apps.deliveries.models import Delivery, Handover
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


def delivery_state(acme: Shipper) -> str:
    with doorway.enter_shipper(acme):
        return Delivery.objects.get().state


def handovers(acme: Shipper) -> list[Handover]:
    with doorway.enter_shipper(acme):
        return list(Handover.objects.prefetch_related("discrepancies__handling_unit"))


def ssccs(acme: Shipper) -> list[str]:
    with doorway.enter_shipper(acme):
        return list(HandlingUnit.objects.order_by("sscc").values_list("sscc", flat=True))


def statement(units: list[str], **typed: str) -> dict[str, str]:
    """What the form of the handover sends: the names, a row per unit, two rows for what came over."""
    rows = {f"unit-{number}-sscc": sscc for number, sscc in enumerate(units)}
    forms = {
        "unit-TOTAL_FORMS": str(len(units)),
        "unit-INITIAL_FORMS": str(len(units)),
        "over-TOTAL_FORMS": "2",
        "over-INITIAL_FORMS": "0",
    }
    return {
        "released_by": "Thabo Driver",
        "received_by": "Otto Ono",
        "step": "sign",
        **forms,
        **rows,
        **typed,
    }


def test_the_gate_checks_a_vehicle_in_and_starts_to_unload(
    otto_at_hub: Client, on_the_way: Appointment, acme: Shipper
) -> None:
    otto_at_hub.post(f"/appointments/{on_the_way.pk}/arrival/", {"vehicle": "GP 1"})
    arrived = delivery_state(acme)
    otto_at_hub.post(f"/appointments/{on_the_way.pk}/unloading/")

    assert (arrived, delivery_state(acme)) == ("arrived", "unloading")
    assert Appointment.objects.get(pk=on_the_way.pk).state == State.IN_PROGRESS


def test_a_step_out_of_order_is_refused_in_place(otto_at_hub: Client, confirmed: Appointment) -> None:
    answer = otto_at_hub.post(f"/appointments/{confirmed.pk}/unloading/")

    assert answer.status_code == 409
    assert "can't become" in answer.context["refusal"]["sentence"]


def test_without_the_demanded_paper_nobody_is_checked_in(otto_at_hub: Client, confirmed: Appointment) -> None:
    answer = otto_at_hub.post(f"/appointments/{confirmed.pk}/arrival/")

    assert answer.status_code == 409
    assert "needs Delivery note first" in answer.context["refusal"]["sentence"]
    assert answer.context["missing"] == ["Delivery note"]


def test_an_auditor_takes_no_step(
    browse: Callable[..., Client], on_the_way: Appointment, acme: Shipper
) -> None:
    nadia = browse("nadia@northern.example")

    answers = [
        nadia.post(f"/appointments/{on_the_way.pk}/{step}/") for step in ("arrival", "unloading", "handover")
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert delivery_state(acme) == "in_transit"


def test_the_form_lists_every_handling_unit_that_was_sent(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    page = otto_at_hub.get(f"/appointments/{unloading.pk}/handover/")

    assert [facts["sscc"] for _form, facts in page.context["unit_rows"]] == ssccs(acme)


def test_the_review_shows_the_numbers_and_records_nothing(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    units = ssccs(acme)
    typed = statement(units, **{"unit-0-kind": "short", "unit-1-kind": "damaged", "step": "review"})

    page = otto_at_hub.post(f"/appointments/{unloading.pk}/handover/", typed)

    figures = {tile["label"]: tile["value"] for tile in page.context["review"]["tiles"]}
    assert figures == {"Sent": 3, "Received": 2, "Short": 1, "Damaged": 1, "Refused": 0, "Over": 0}
    assert page.context["review"]["outcome"] == "Accepted with reservation"
    assert ("unit-1-kind", "damaged") in page.context["typed"]
    assert handovers(acme) == []


def test_signing_records_the_statement_and_ends_the_visit(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    units = ssccs(acme)
    typed = statement(units, **{"unit-1-kind": "damaged", "unit-1-note": "Corner crushed"})

    answer = otto_at_hub.post(f"/appointments/{unloading.pk}/handover/", typed)

    (handover,) = handovers(acme)
    (found,) = handover.discrepancies.all()
    assert answer["Location"] == f"/appointments/{unloading.pk}/"
    assert (handover.outcome, handover.units_received, handover.released_by) == (
        "accepted_with_reservation",
        3,
        "Thabo Driver",
    )
    assert (found.kind, found.handling_unit.sscc, found.note) == ("damaged", units[1], "Corner crushed")
    assert Appointment.objects.get(pk=unloading.pk).state == State.COMPLETED


def test_what_was_stated_stands_on_the_page_afterwards(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    otto_at_hub.post(f"/appointments/{unloading.pk}/handover/", statement(ssccs(acme)))

    page = otto_at_hub.get(f"/appointments/{unloading.pk}/")

    assert page.context["handover"]["outcome"] == "Accepted"
    assert [entry["what"] for entry in page.context["entries"]] == [
        "offered slots",
        "confirmed a slot",
        "loaded the goods",
        "set off",
        "checked the vehicle in",
        "started unloading",
        "finished the visit",
    ]


def test_a_missing_name_is_asked_for_beside_its_field(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    typed = statement(ssccs(acme), released_by="", **{"unit-0-note": "Kept as typed"})

    answer = otto_at_hub.post(f"/appointments/{unloading.pk}/handover/", typed)

    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    assert "Kept as typed" in answer.content.decode()
    assert handovers(acme) == []


def test_refusing_the_whole_delivery_needs_a_reason(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    address = f"/appointments/{unloading.pk}/handover/"

    without = otto_at_hub.post(address, statement(ssccs(acme), refused="on"))
    otto_at_hub.post(address, statement(ssccs(acme), refused="on", reservation="Cold chain broken"))

    (handover,) = handovers(acme)
    assert without.status_code == 422
    assert (handover.outcome, handover.units_received, handover.reservation) == (
        "refused",
        0,
        "Cold chain broken",
    )


def test_a_unit_that_was_not_sent_can_not_be_found_short(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    units = ssccs(acme)
    typed = statement([*units[:2], "000000000000000000"], **{"unit-2-kind": "short"})

    otto_at_hub.post(f"/appointments/{unloading.pk}/handover/", typed)

    (handover,) = handovers(acme)
    assert list(handover.discrepancies.all()) == []


def test_what_came_over_is_recorded_without_an_sscc_of_ours(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    typed = statement(ssccs(acme), **{"over-0-note": "One carton without label"})

    otto_at_hub.post(f"/appointments/{unloading.pk}/handover/", typed)

    (handover,) = handovers(acme)
    (found,) = handover.discrepancies.all()
    assert (handover.units_received, found.kind, found.note) == (4, "over", "One carton without label")


@pytest.mark.parametrize("sscc", ["12", "not digits"])
def test_an_sscc_of_what_came_over_has_18_digits(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper, sscc: str
) -> None:
    answer = otto_at_hub.post(
        f"/appointments/{unloading.pk}/handover/", statement(ssccs(acme), **{"over-0-sscc": sscc})
    )

    assert answer.status_code == 422
    assert "An SSCC has 18 digits." in answer.content.decode()


def test_before_unloading_there_is_no_handover(otto_at_hub: Client, on_the_way: Appointment) -> None:
    answer = otto_at_hub.get(f"/appointments/{on_the_way.pk}/handover/")

    assert answer["Location"] == f"/appointments/{on_the_way.pk}/"
