"""Taking a bundle away: preview, work in the background, a download that proves itself."""

import hashlib
import io
import zipfile

import pytest

from apps.core.models import Job
from apps.custody import selectors, verify
from apps.custody.services import sequence
from tests.factories.cast import NOW


@pytest.fixture
def logged(confirmed, delivery, drain):
    drain()
    while sequence(now=NOW):
        pass
    return delivery


@pytest.mark.parametrize(
    ("query", "events", "consignments"),
    [
        ("scope=delivery&number={number}", 8, 2),
        ("scope=consignments&consignments=C-1", 6, 1),
        ("scope=search&batch=B-7", 6, 1),
        ("scope=search&last_day=2026-03-02&recipient={northern}", 8, 2),
        ("scope=log", 8, 2),
    ],
)
def test_the_preview_says_what_a_bundle_would_hold(
    logged, auditors_desk, northern, query, events, consignments
):
    answer = auditors_desk.get(
        "/custody/exports/?" + query.format(number=logged.number, northern=northern.pk)
    )

    preview = answer.context["preview"]
    assert (preview["events"], preview["consignments"], preview["documents"]) == (events, consignments, 1)
    assert "names of people" in preview["opened"]
    assert "Make the bundle" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "scope=delivery&number=D999999",
        "scope=consignments&consignments=",
        "scope=consignments&consignments=C-1,X-9",
        "scope=search",
        "scope=search&recipient=nobody",
        "scope=search&first_day=yesterday",
        "scope=log&kept=7777",
        "scope=else",
    ],
)
def test_a_scope_that_is_not_there_is_said_beside_its_field(logged, auditors_desk, query):
    answer = auditors_desk.get(f"/custody/exports/?{query}")

    assert answer.status_code == 422
    assert answer.context["preview"] is None


def test_a_bundle_is_made_in_the_background_and_proves_itself(logged, auditors_desk, drain):
    asked = auditors_desk.post("/custody/exports/", {"scope": "delivery", "number": logged.number})
    waiting = auditors_desk.get("/custody/exports/").content.decode()
    drain()
    page = auditors_desk.get("/custody/exports/").content.decode()
    bundle = b"".join(
        auditors_desk.get(f"/custody/exports/{Job.objects.get(kind='custody.export').pk}/").streaming_content
    )

    assert asked.status_code == 302
    assert "hx-trigger" in waiting
    assert hashlib.sha256(bundle).hexdigest() in page
    report = verify.verify(io.BytesIO(bundle), [verify.parse_key(selectors.verifier_key() or "")])
    assert (report.verdict, report.failures, report.missing) == (verify.PASS, [], [])


@pytest.fixture
def finished(logged, auditors_desk, drain):
    """The job of a bundle of the whole log that lies ready, and the bundle."""
    auditors_desk.post("/custody/exports/", {"scope": "log"})
    drain()
    job = Job.objects.get(kind="custody.export")
    return job, b"".join(auditors_desk.get(f"/custody/exports/{job.pk}/").streaming_content)


def test_a_download_that_broke_off_is_taken_up_and_nothing_else_is(finished, auditors_desk):
    job, whole = finished
    address = f"/custody/exports/{job.pk}/"
    first = auditors_desk.get(address, headers={"range": "bytes=0-999"})
    rest = auditors_desk.get(address, headers={"range": "bytes=1000-", "if-range": first["ETag"]})
    tail = auditors_desk.get(address, headers={"range": "bytes=-10"})
    other = auditors_desk.get(address, headers={"range": "bytes=1000-", "if-range": '"another"'})
    beyond = auditors_desk.get(address, headers={"range": f"bytes={len(whole)}-"})

    assert (first.status_code, rest.status_code, tail.status_code) == (206, 206, 206)
    assert first["Content-Range"] == f"bytes 0-999/{len(whole)}"
    assert b"".join(first.streaming_content) + b"".join(rest.streaming_content) == whole
    assert b"".join(tail.streaming_content) == whole[-10:]
    assert (other.status_code, b"".join(other.streaming_content)) == (200, whole)
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(whole)}")
    assert {r["Cache-Control"] for r in (first, other, beyond)} == {"private, no-store"}
    assert rest["ETag"] == f'"{hashlib.sha256(whole).hexdigest()}"'


def test_what_is_no_range_gets_the_whole_bundle_or_says_why_not(finished, auditors_desk):
    job, whole = finished

    def answer(asked: str) -> tuple[int, bool]:
        given = auditors_desk.get(f"/custody/exports/{job.pk}/", headers={"range": asked})
        return given.status_code, b"".join(given) == whole

    no_ranges = ["bytes=5-2", "bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=x-"]
    assert {asked: answer(asked) for asked in no_ranges} == dict.fromkeys(no_ranges, (200, True))
    assert answer("bytes=-0") == (416, False)


def test_asking_and_downloading_are_on_record(finished, auditors_desk):
    page = auditors_desk.get("/custody/accesses/").content.decode()

    assert "Record exported" in page
    assert f"bundle of export {finished[0].pk}" in page


def test_a_bundle_is_made_again_as_it_was(finished, auditors_desk):
    former = auditors_desk.get("/custody/exports/").context["former"][0]

    assert former["what"] == "The whole log"
    answer = auditors_desk.get(former["again_url"])
    assert answer.context["preview"]["events"] > 0
    carried = answer.context["fields"]
    assert [value for name, value in carried if name == "copies"] == ["epcis", "ubl", "workbook", "dossier"]


def test_an_older_checkpoint_goes_into_the_bundle(logged, auditors_desk, drain):
    kept = selectors.latest_checkpoint()
    auditors_desk.post("/custody/exports/", {"scope": "log", "kept": kept.size, "shown": "1"})
    drain()
    job = Job.objects.get(kind="custody.export")
    bundle = io.BytesIO(b"".join(auditors_desk.get(f"/custody/exports/{job.pk}/").streaming_content))

    known = verify.Checkpoint(kept.size, bytes(kept.root))
    report = verify.verify(bundle, [verify.parse_key(selectors.verifier_key() or "")], known)

    assert (report.verdict, report.missing) == (verify.PASS, [])
    assert "dossier.pdf" not in zipfile.ZipFile(bundle).namelist()


def test_an_export_that_waits_is_stopped(logged, auditors_desk, drain):
    auditors_desk.post("/custody/exports/", {"scope": "log"})
    job = Job.objects.get(kind="custody.export")

    auditors_desk.post(f"/jobs/{job.pk}/cancel/")
    drain()

    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_an_administrator_exports_and_a_planner_does_not(logged, browse, desk):
    administrator = browse("ada@acme.example", "acme")

    assert administrator.get("/custody/exports/?scope=log").status_code == 200
    assert desk.get("/custody/exports/?scope=log").status_code == 403
    assert desk.post("/custody/exports/", {"scope": "log"}).status_code == 403
    assert not Job.objects.filter(kind="custody.export").exists()


def test_a_planner_neither_watches_nor_downloads_an_export(logged, auditors_desk, desk, drain):
    auditors_desk.post("/custody/exports/", {"scope": "log"})
    drain()
    job = Job.objects.get(kind="custody.export")

    assert desk.get(f"/jobs/{job.pk}/").status_code == 404
    assert desk.get(f"/custody/exports/{job.pk}/").status_code == 403


def test_acmes_bundle_is_nothing_at_globex(logged, auditors_desk, browse, drain):
    auditors_desk.post("/custody/exports/", {"scope": "log"})
    drain()
    job = Job.objects.get(kind="custody.export")
    stranger = browse("gina@globex.example", "globex")

    assert stranger.get(f"/custody/exports/{job.pk}/").status_code == 404
    assert stranger.get(f"/jobs/{job.pk}/").status_code == 404
    preview = stranger.get(f"/custody/exports/?scope=delivery&number={logged.number}")
    assert preview.status_code == 422


def test_copies_and_columns_are_as_chosen_and_all_by_a_link(logged, auditors_desk):
    by_link = [name for name, _ in auditors_desk.get("/custody/exports/?scope=log").context["fields"]]
    chosen = {"scope": "log", "shown": "1", "copies": "workbook"}
    without = auditors_desk.post("/custody/exports/", chosen)
    auditors_desk.post("/custody/exports/", {**chosen, "columns": ["type", "event_time"]})

    assert (by_link.count("copies"), by_link.count("columns")) == (4, 17)
    assert without.status_code == 422
    assert Job.objects.get(kind="custody.export").facts["choice"] == {
        "copies": ["workbook"],
        "columns": ["type", "event_time"],
    }
