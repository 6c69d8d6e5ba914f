"""A proof of delivery goes to both parties with the log's head, and the hub keeps that for the recipient."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from apps.custody import merkle, notes, selectors
from apps.custody.models import CustodyEvent, LogLeaf
from apps.deliveries import services
from apps.deliveries.services import Statement
from apps.documents import store
from apps.documents.models import Document
from apps.notices.models import Notice
from apps.receipts.models import HeldCheckpoint
from apps.receipts.selectors import first_contradiction, oldest_held
from apps.tenancy import doorway
from tests.factories.cast import NOW

AT = NOW + timedelta(days=2)
STATEMENT = Statement(released_by="Dan Driver", received_by="Otto Ono", received_by_role="Dock operator")


@pytest.fixture
def handed_over(unloading, otto, drain, mailoutbox):
    """Northern took the goods; the worker has done what was promised."""
    drain()
    mailoutbox.clear()
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=STATEMENT, now=AT)
    drain()
    return unloading


def _held(recipient, shipper) -> list[HeldCheckpoint]:
    with doorway.network():
        return list(HeldCheckpoint.objects.filter(recipient=recipient, shipper=shipper))


def test_both_parties_get_the_same_paper_and_a_checkpoint_that_covers_it(
    handed_over, northern, acme, mailoutbox
):
    paper = Document.objects.get(document_type="pod")
    mails = {each.to[0]: each for each in mailoutbox if each.subject.startswith("Proof of delivery")}
    issued = CustodyEvent.objects.filter(type="document_issued").order_by("-ordinal")[0]
    (held,) = _held(northern, acme)

    assert set(mails) == {"alice@acme.example", "ada@acme.example", "dock@northern.example"}
    for mail in mails.values():
        pdf, note = mail.attachments
        assert (pdf.filename, pdf.content) == (paper.file_name, store.read(paper.path))
        assert note.content == held.note
        assert held.note in mail.body
    signed = notes.open_checkpoint(
        held.note.encode(),
        origin="localhost/acme",
        trusted=[notes.VerifierKey.parse(selectors.verifier_key())],
    )
    assert (held.size, bytes(held.root)) == (signed.size, signed.root)
    assert LogLeaf.objects.get(event=issued).index < signed.size
    assert (held.paper, held.grew, held.vkey) == (paper.number, True, selectors.verifier_key())


def test_what_the_recipient_holds_is_out_of_every_shippers_reach(handed_over, acme, at_acme):
    for statement in (
        "SELECT * FROM public.receipts_heldcheckpoint",
        "UPDATE public.receipts_heldcheckpoint SET size = 1",
        "DELETE FROM public.receipts_heldcheckpoint",
        "INSERT INTO public.receipts_heldcheckpoint (id) VALUES (gen_random_uuid())",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    for statement in ("UPDATE receipts_heldcheckpoint SET size = 1", "DELETE FROM receipts_heldcheckpoint"):
        with doorway.network(), pytest.raises(ProgrammingError, match="permission denied"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_a_log_that_does_not_go_on_from_what_was_handed_out_is_told_to_the_auditors(
    unloading, otto, drain, northern, acme, at_acme
):
    drain()
    with doorway.network():
        HeldCheckpoint.objects.create(
            recipient=northern,
            shipper=acme,
            size=1,
            root=merkle.leaf_hash(b"another first event"),
            note="of another history",
            vkey="k",
            handed_at=NOW,
        )
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=STATEMENT, now=AT)
    drain()

    with doorway.network():
        told = Notice.objects.filter(title__contains="was changed afterwards")
        assert {each.person.email for each in told.select_related("person")} == {
            "nadia@northern.example",
            "rita@northern.example",
        }
        assert first_contradiction([northern.pk], acme.pk).grew is False
        assert oldest_held([northern.pk], acme.pk).note == "of another history"


def test_a_second_proof_of_the_same_head_is_held_once_and_handing_out_needs_the_paper(
    handed_over, northern, acme, drain
):
    paper = Document.objects.get(document_type="pod")
    services.hand_out_proof(delivery_id=handed_over.pk, document_id=paper.pk, now=AT)

    assert len(_held(northern, acme)) == 1
    with pytest.raises(Document.DoesNotExist):
        services.hand_out_proof(delivery_id=handed_over.pk, document_id=handed_over.pk, now=AT)
