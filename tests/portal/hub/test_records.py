"""A recipient's auditor finds and exports what it received, over all shippers, and nothing of others."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader
from pypdf import PdfReader

from apps.accounts.actors import Actor
from apps.accounts.models import Person
from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.core.models import Job
from apps.custody import selectors, verify
from apps.custody.models import Checkpoint, CustodyEvent
from apps.custody.services import ExportScope, record, request_export, sequence
from apps.deliveries import services
from apps.deliveries.selectors import load_of
from apps.documents import signing_keys
from apps.facilities.models import Recipient
from apps.receipts.models import HeldCheckpoint
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.documents.test_signing import assert_is_pdf_a_3b
from tests.factories.cast import NOW
from tests.portal.hub.conftest import DAY, HEAD

OWN = {"acme": "kestrel", "globex": "heron"}
OTHERS = "osprey"  # Acme's to Southern
SCOPES = {"everything": {}, "a batch": {"batch": "B-7"}, "its numbers": {"consignments": "C-1, C-2"}}


@pytest.fixture
def visits(
    acme: Shipper,
    globex: Shipper,
    alice: Actor,
    bob: Actor,
    rita: Actor,
    sam: Actor,
    drain: Callable[[], int],
) -> dict[str, Appointment]:
    """Goods of both shippers to Northern and Acme's to Southern, by the word in them; all in the logs."""
    made = {
        "kestrel": _ship(acme, alice, rita, "NH1", "C-1", "kestrel"),
        "osprey": _ship(acme, alice, sam, "SC1", "C-2", "osprey"),
        "heron": _ship(globex, bob, rita, "NH1", "C-1", "heron"),
    }
    drain()
    for shipper in (acme, globex):
        with doorway.enter_shipper(shipper):
            while sequence(now=NOW):
                pass
    return made


def _ship(shipper: Shipper, planner: Actor, manager: Actor, site: str, number: str, word: str) -> Appointment:
    row = f"{number},PO-{number},{site},{DAY},1,{word} tablets,40,pack,B-7,300,3"
    with doorway.enter_shipper(shipper):
        services.import_orders(
            actor=planner, file_name=f"{word}.csv", content=f"{HEAD}\n{row}".encode(), now=NOW
        )
        (delivery,) = services.group_consignments(actor=planner, now=NOW)
        found = find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW)
        asked = services.ask_for_slots(
            actor=planner, delivery=delivery, slots=found.slots[:1], message=f"{word} asks", now=NOW
        )
        services.accept_offer(
            actor=manager, delivery=delivery, offer_id=asked.offers.get().pk, slot_index=0, now=NOW
        )
        return asked


@pytest.fixture
def nadia(browse: Callable[..., Client]) -> Client:
    """Northern's auditor."""
    return browse("nadia@northern.example")


def _event_hash(shipper: Shipper, visit: Appointment) -> str:
    with doorway.enter_shipper(shipper):
        event = CustodyEvent.objects.filter(delivery_id=visit.delivery_id)[0]
        return bytes(event.leaf_hash).hex()[:16]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"kestrel", "heron"}),
        ({"shipper": "globex"}, {"heron"}),
        ({"q": "C-1"}, {"kestrel", "heron"}),
        ({"q": "C-2"}, set()),
        ({"article": "kestrel tablets"}, {"kestrel"}),
        ({"article": "osprey tablets"}, set()),
        ({"batch": "B-7", "first_day": "2026-03-02"}, {"kestrel", "heron"}),
        ({"batch": "B-8"}, set()),
    ],
)
def test_records_are_found_over_all_shippers_and_only_its_own(visits, nadia, query, found):
    rows = nadia.get("/custody/", query).context["rows"]

    assert {row["url"] for row in rows} == {f"/appointments/{visits[word].pk}/custody/" for word in found}


def test_a_hash_leads_to_an_event_of_its_own_goods_and_no_others(visits, nadia, acme):
    own = nadia.get("/custody/", {"q": _event_hash(acme, visits["kestrel"])})
    others = nadia.get("/custody/", {"q": _event_hash(acme, visits["osprey"])})

    assert own["Location"].startswith(f"/appointments/{visits['kestrel'].pk}/custody/#event-")
    assert (others.status_code, others.context["rows"]) == (200, [])


@pytest.mark.parametrize("asked", SCOPES.values(), ids=SCOPES)
def test_its_bundles_prove_themselves_and_hold_nothing_of_others(visits, nadia, drain, acme, globex, asked):
    preview = nadia.get("/custody/exports/", {"shipper": "", **asked})
    nadia.post("/custody/exports/", {"shipper": "", **asked})
    drain()
    page = nadia.get("/custody/exports/").content.decode()

    assert {each["preview"]["consignments"] for each in preview.context["previews"]} == {1}
    for shipper in (acme, globex):
        with doorway.enter_shipper(shipper):
            job, key = Job.objects.get(kind="custody.export"), selectors.verifier_key()
        bundle = b"".join(nadia.get(f"/custody/exports/{shipper.slug}/{job.pk}/"))
        assert hashlib.sha256(bundle).hexdigest() in page
        report = verify.verify(io.BytesIO(bundle), [verify.parse_key(key or "")])
        assert (report.verdict, report.failures, report.missing) == (verify.PASS, [], [])
        said = _all_text(bundle)
        assert OWN[shipper.slug] in said
        typed = {"C-2"} if "consignments" in asked else set()  # the manifest repeats what was asked for
        for word in {*OWN.values(), OTHERS, "Southern", "C-2"} - {OWN[shipper.slug]} - typed:
            assert word not in said, word


def _all_text(bundle: bytes) -> str:
    """Whatever can be read in a bundle, in packed files too, the verifiers aside."""
    said = []
    for name, data in _members(bundle):
        if name.endswith(".pdf"):
            said += [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
        elif not name.startswith("verify."):
            said.append(data.decode("utf-8", errors="replace"))
    return "\n".join(said)


def _members(archive: bytes) -> list[tuple[str, bytes]]:
    found = []
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for name in opened.namelist():
            data = opened.read(name)
            found += _members(data) if name.endswith(".xlsx") else [(name, data)]
    return found


def test_an_export_and_a_look_are_on_the_shippers_record_in_the_recipients_name(visits, nadia, drain, acme):
    nadia.get(f"/appointments/{visits['kestrel'].pk}/custody/")
    nadia.post("/custody/exports/", {"shipper": "acme"})
    drain()

    with doorway.enter_shipper(acme):
        told = [json.loads(bytes(event.canonical)) for event in selectors.log_events()]
    assert {(each["type"], each["actor"]["role"], each["actor"]["organisation"]) for each in told} == {
        ("access_viewed", "auditor", "Northern Hospital"),
        ("access_exported", "auditor", "Northern Hospital"),
    }


def test_a_recipient_keeps_checkpoints_of_those_who_deliver_to_it(visits, nadia, browse):
    sam = browse("sam@southern.example")

    assert nadia.get("/custody/checkpoints/globex/").content.decode().startswith("localhost/globex\n")
    assert sam.get("/custody/checkpoints/acme/").status_code == 200
    assert sam.get("/custody/checkpoints/globex/").status_code == 404


def test_its_bundles_go_on_from_what_the_hub_holds_and_both_sign_the_dossier(
    visits, nadia, browse, drain, acme, northern
):
    with doorway.enter_shipper(acme):
        first = Checkpoint.objects.order_by("size")[0]
        signing_keys.entrust(northern, signing_keys.new_pem(northern.name, now=NOW))
    _hold(northern, acme, first.size, bytes(first.root), first.note)
    note = b"".join(nadia.get("/custody/checkpoints/acme/held/"))
    nadia.post("/custody/exports/", {"shipper": "acme", "consignments": "C-1"})
    drain()

    with doorway.enter_shipper(acme):
        job, key = Job.objects.get(kind="custody.export"), selectors.verifier_key()
    bundle = b"".join(nadia.get(f"/custody/exports/acme/{job.pk}/"))
    known, _times = verify.Trust([verify.parse_key(key or "")]).open_checkpoint(note, "held")
    report = verify.verify(io.BytesIO(bundle), [verify.parse_key(key or "")], known)
    assert (note.decode(), job.facts["older_size"]) == (first.note, first.size)
    assert (report.verdict, report.missing) == (verify.PASS, [])
    assert f"the log still begins with the {first.size} events of your checkpoint" in report.proven
    dossier = dict(_members(bundle))["copies/dossier.pdf"]
    assert_is_pdf_a_3b(dossier)
    signed = PdfFileReader(io.BytesIO(dossier)).embedded_signatures
    assert [each.field_name for each in signed] == ["Shipper", "Recipient"]
    assert browse("rita@northern.example").get("/custody/checkpoints/acme/held/").status_code == 403
    assert nadia.get("/custody/checkpoints/globex/held/").status_code == 404


def test_a_log_that_is_not_the_one_that_was_handed_out_is_named_and_still_exported(
    visits, nadia, drain, acme, northern
):
    _hold(northern, acme, 2, b"x" * 32, "another history")
    page = nadia.get("/custody/exports/").content.decode()
    nadia.post("/custody/exports/", {"shipper": "acme", "consignments": "C-1"})
    drain()

    assert "The custody log of Acme Medical was changed afterwards" in page
    assert "The custody log of Globex Pharma" not in page
    with doorway.enter_shipper(acme):
        job = Job.objects.get(kind="custody.export")
    assert (job.state, job.facts["older_size"]) == ("done", None)


def _hold(recipient: Recipient, shipper: Shipper, size: int, root: bytes, note: str) -> None:
    with doorway.network():
        HeldCheckpoint.objects.create(
            recipient=recipient, shipper=shipper, size=size, root=root, note=note, vkey="k", handed_at=NOW
        )


def test_only_whoever_audits_for_the_recipient_comes_near_its_bundles(
    visits, nadia, browse, drain, acme, arthur, northern: Recipient, southern: Recipient
):
    nadia.post("/custody/exports/", {"shipper": "acme"})
    with doorway.enter_shipper(acme):
        shippers = request_export(actor=arthur, scope=ExportScope(recipient_id=northern.pk), now=NOW)
    drain()
    with doorway.enter_shipper(acme):
        job = Job.objects.exclude(pk=shippers.pk).get(kind="custody.export")
    addresses = [f"/custody/exports/acme/{job.pk}/{part}" for part in ("", "progress/")]
    rita, sam, desk = browse("rita@northern.example"), browse("sam@southern.example"), _desk(browse)

    assert [rita.get(address).status_code for address in ["/custody/exports/", *addresses]] == [403] * 3
    assert [sam.get(address).status_code for address in ["/custody/exports/", *addresses]] == [403] * 3
    assert desk.get(f"/custody/exports/{job.pk}/").status_code == 404
    assert [each["job"]["id"] for each in desk.get("/custody/exports/").context["former"]] == [shippers.pk]
    assert nadia.get(f"/custody/exports/acme/{shippers.pk}/").status_code == 404
    assert nadia.post(f"/custody/exports/acme/{shippers.pk}/cancel/").status_code == 404
    assert nadia.get(f"/custody/exports/globex/{job.pk}/").status_code == 404
    assert nadia.get(f"/custody/exports/nobody/{job.pk}/").status_code == 404
    forged = nadia.post("/custody/exports/", {"shipper": "acme", "recipient": str(southern.pk)})
    assert forged.status_code == 422
    assert nadia.get(addresses[0], headers={"range": "bytes=0-9"}).status_code == 206


def _desk(browse: Callable[..., Client]) -> Client:
    return browse("arthur@acme.example", "acme")


def test_goods_that_share_an_event_with_others_are_not_given_away(
    visits, nadia, drain, acme, alice, northern_site, southern_site
):
    with doorway.enter_shipper(acme):
        record(
            "condition_reading",
            actor=alice,
            now=NOW,
            event_time=NOW,
            consignments={"C-1": [], "C-2": []},
            details={
                "sensor": "S-1",
                "from": "2026-03-02T05:00:00.000000Z",
                "to": "2026-03-02T06:00:00.000000Z",
                "readings": 2,
                "minimum_mc": 2000,
                "maximum_mc": 4000,
                "within_limits": True,
            },
        )
    nadia.post("/custody/exports/", {"shipper": "acme"})
    drain()

    (former,) = nadia.get("/custody/exports/").context["former"]
    assert former["job"]["state"] == "failed"
    assert "C-1 share events with goods of others" in former["job"]["error"]
    assert OTHERS not in former["job"]["error"]


def test_whoever_lost_the_role_gets_no_bundle_that_was_asked_for_before(visits, nadia, drain, northern):
    nadia.post("/custody/exports/", {"shipper": "acme"})
    Person.objects.get(email="nadia@northern.example").memberships.all().delete()
    drain()

    with doorway.enter_shipper(Shipper.objects.get(slug="acme")):
        job = Job.objects.get(kind="custody.export")
    assert (job.state, job.artefact) == ("failed", "")
    assert nadia.get(f"/custody/exports/acme/{job.pk}/").status_code == 403
