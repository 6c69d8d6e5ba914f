"""Taking a bundle away: preview, work in the background, a download that proves itself."""

import hashlib
import io

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
    ("query", "events"),
    [
        ("scope=delivery&number={number}", 8),
        ("scope=consignments&consignments=C-1", 6),
        ("scope=item&batch=B-7", 6),
        ("scope=period&first_day=2026-03-02&last_day=2026-03-02", 8),
        ("scope=log", 8),
    ],
)
def test_the_preview_says_what_a_bundle_would_hold(logged, auditors_desk, query, events):
    answer = auditors_desk.get("/custody/exports/?" + query.format(number=logged.number))

    assert answer.context["preview"].events == events
    assert answer.context["preview"].documents == 1
    assert "Make the bundle" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "scope=delivery&number=D999999",
        "scope=consignments&consignments=",
        "scope=consignments&consignments=C-1,X-9",
        "scope=item",
        "scope=carrier",
        "scope=period",
        "scope=recipient",
        "scope=period&first_day=yesterday",
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
