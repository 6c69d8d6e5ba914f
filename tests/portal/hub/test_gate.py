"""The day at the gate: check in, unload, and the one statement with which custody passes."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

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


def picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, "JPEG")
    return file.getvalue()


def statement(units: list[str], **typed: str) -> dict[str, str]:
    """What the form of the handover sends: the names, a row per unit, two rows for what came over."""
    rows = {f"unit-{number}-sscc": sscc for number, sscc in enumerate(units)}
    forms = {
        "unit-TOTAL_FORMS": str(len(units)),
        "unit-INITIAL_FORMS": str(len(units)),
        "over-TOTAL_FORMS": "2",
        "over-INITIAL_FORMS": "0",
        "line-TOTAL_FORMS": "2",
        "line-INITIAL_FORMS": "0",
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


def test_photos_and_a_loggers_table_go_on_record_before_the_statement_and_stay_between_the_two(
    otto_at_hub: Client,
    unloading: Appointment,
    acme: Shipper,
    browse: Callable[..., Client],
) -> None:
    address, units = f"/appointments/{unloading.pk}/handover/", ssccs(acme)
    svg = SimpleUploadedFile("dent.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/jpeg")
    table = SimpleUploadedFile("t7.csv", b"Time,Temperature\n2026-03-04 05:00,hot\n", "text/csv")
    wrong = otto_at_hub.post(address, statement(units, step="add", photo=svg, logger=table))  # type: ignore[arg-type]
    dent = SimpleUploadedFile("dent.jpg", picture(), "image/jpeg")

    added = otto_at_hub.post(
        address,
        statement(units, step="add", released_by="", subject=units[0], photo=dent),  # type: ignore[arg-type]
    )
    otto_at_hub.post(address, statement(units, **{"unit-0-kind": "damaged", "unit-0-reason": "packaging"}))

    assert wrong.status_code == 422
    assert "is not a file that is taken here" in wrong.content.decode()
    assert "Line 2" in wrong.content.decode()
    assert (added.status_code, "This field is required" in added.content.decode()) == (200, False)
    (photo,) = added.context["photos"]
    assert photo["subject"] == units[0]
    shown = otto_at_hub.get(f"/appointments/{unloading.pk}/")
    assert (shown.context["handover"]["findings"][0]["note"], photo["preview"] in shown.content.decode()) == (
        "Packaging",
        True,
    )
    for file in (photo["url"], photo["preview"]):
        assert otto_at_hub.get(file).status_code == 200
        assert browse("sam@southern.example").get(file).status_code == 404
        document_id = file.split("documents/")[1]
        assert browse("bob@globex.example", "globex").get(f"/documents/{document_id}").status_code == 404
        assert browse("alice@acme.example", "acme").get(f"/documents/{document_id}").status_code == 200


def test_a_statement_is_signed_by_hand_and_a_dot_is_no_signature(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    address = f"/appointments/{unloading.pk}/handover/"

    dot = otto_at_hub.post(address, statement(ssccs(acme), received_strokes="10,10 11,10"))
    otto_at_hub.post(address, statement(ssccs(acme), received_strokes="100,100 500,90 600,200"))

    assert (dot.status_code, "no signature" in dot.content.decode()) == (422, True)
    page = otto_at_hub.get(f"/appointments/{unloading.pk}/")
    assert page.context["handover"]["received_path"] == "M100 100L500 90L600 200"


def test_scanned_units_count_and_one_that_can_not_be_read_is_named(
    otto_at_hub: Client, unloading: Appointment, acme: Shipper
) -> None:
    address, units = f"/appointments/{unloading.pk}/handover/", ssccs(acme)

    unread = otto_at_hub.post(address, statement(units, scanned="0012", step="review"))
    page = otto_at_hub.post(address, statement(units, scanned="\n".join(units[:2]), step="review"))

    assert (unread.status_code, "is no SSCC" in unread.content.decode()) == (422, True)
    figures = {tile["label"]: tile["value"] for tile in page.context["review"]["tiles"]}
    assert (figures["Received"], figures["Short"]) == (2, 1)
