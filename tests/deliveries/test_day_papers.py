"""A day's delivery notes in one file: what is missing is laid out, and nobody else opens it."""

from datetime import timedelta

import pypdfium2
import pytest

from apps.core.errors import PermissionRefused
from apps.core.models import Job
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.services import day_papers
from apps.documents.models import Document
from apps.facilities.models import DocumentType
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW


@pytest.fixture
def another(confirmed, alice):
    """A second delivery of the day, without a slot."""
    content = order_file(f"C-3,PO-3,NH1,{DAY},1,Gloves,40,box,,30,1")
    services.import_orders(actor=alice, file_name="more.csv", content=content, now=NOW)
    services.group_consignments(actor=alice, now=NOW)


def _asked(alice, drain) -> Job:
    job = services.request_day_papers(actor=alice, day=DAY, now=NOW)
    drain()
    return Job.objects.get(pk=job.pk)


@pytest.mark.papers
@pytest.mark.usefixtures("another")
def test_it_joins_the_notes_there_are_and_says_what_has_none(alice, drain, delivery):
    job = _asked(alice, drain)

    assert (job.state, job.done, job.total) == (Job.State.DONE, 1, 1)
    assert "1 deliveries of that day have no agreed slot" in job.message
    with services.open_day_papers(actor=alice, job_id=job.pk) as file, pypdfium2.PdfDocument(file) as pdf:
        assert delivery.number in pdf[0].get_textpage().get_text_range()


@pytest.mark.usefixtures("confirmed")
def test_what_was_issued_is_taken_and_recorded_once(alice, drain):
    first = _asked(alice, drain)
    second = _asked(alice, drain)

    assert first.artefact == second.artefact
    notes = Document.objects.filter(document_type=DocumentType.DELIVERY_NOTE)
    assert notes.count() == CustodyEvent.objects.filter(type="document_issued").count() == 1


@pytest.mark.usefixtures("confirmed")
def test_it_stops_when_asked_and_begins_again_after_a_crash(alice, drain):
    stopped = services.request_day_papers(actor=alice, day=DAY, now=NOW)
    services.cancel_day_papers(actor=alice, job_id=stopped.pk, now=NOW)
    running = services.request_day_papers(actor=alice, day=DAY, now=NOW)
    crashed = services.request_day_papers(actor=alice, day=DAY, now=NOW)
    hopeless = services.request_day_papers(actor=alice, day=DAY, now=NOW)
    for job, attempts in ((running, 0), (crashed, 1), (hopeless, 3)):
        Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=attempts)
    services.cancel_day_papers(actor=alice, job_id=running.pk, now=NOW)

    drain()

    states = dict(Job.objects.values_list("pk", "state"))
    assert states == {
        stopped.pk: Job.State.CANCELLED,
        running.pk: Job.State.CANCELLED,
        crashed.pk: Job.State.DONE,
        hopeless.pk: Job.State.FAILED,
    }


@pytest.mark.usefixtures("asked")
def test_a_day_without_agreed_slots_is_refused_with_what_to_do(alice):
    with pytest.raises(day_papers.NoPapersToPrint, match="agree on slots first"):
        services.request_day_papers(actor=alice, day=DAY, now=NOW)
    with pytest.raises(day_papers.NoPapersToPrint):
        services.request_day_papers(actor=alice, day=DAY + timedelta(days=9), now=NOW)


@pytest.mark.usefixtures("confirmed")
def test_nobody_else_asks_for_it_or_opens_it(alice, drain, arthur, bob, rita, globex):
    job = _asked(alice, drain)

    for other in (arthur, rita):
        with pytest.raises(PermissionRefused):
            services.request_day_papers(actor=other, day=DAY, now=NOW)
        with pytest.raises(PermissionRefused):
            services.open_day_papers(actor=other, job_id=job.pk)
    with doorway.enter_shipper(globex), pytest.raises(day_papers.UnknownPrint):
        services.open_day_papers(actor=bob, job_id=job.pk)
