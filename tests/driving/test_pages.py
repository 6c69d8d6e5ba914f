"""The driver's phone and the planner's page for it: one route by one link, and nobody else's."""

import json
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from apps.documents.models import Document
from apps.driving.models import DriverAction, DriverSession
from apps.tenancy import doorway
from tests.driving.conftest import local


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The pages' clock, a minute later with every look at it."""
    ticks = iter(local("08:30") + timedelta(minutes=n) for n in range(10_000))
    monkeypatch.setattr(timezone, "now", lambda: next(ticks))


@pytest.fixture
def at_phone(token):
    """A phone with no account that opened the link."""
    phone = Client(SERVER_NAME="acme.localhost")
    shown = phone.get(f"/drive/open/{token}/")
    assert "Dineo Driver" in shown.content.decode()
    assert phone.post(f"/drive/open/{token}/").status_code == 302
    return phone


def queued(phone, kind, stop=None, **others):
    body = {
        "id": str(uuid4()),
        "number": 1,
        "kind": kind,
        "stop": str(stop.pk) if stop else None,
        "device_time": "2026-03-04T08:30:00.000+02:00",
        "sent_at": "2026-03-04T08:30:00.000+02:00",
        "facts": {},
        **others,
    }
    return phone.post("/drive/steps/", json.dumps(body), content_type="application/json")


def test_a_round_works_without_script(at_phone, stops):
    steps = [{"kind": "set_off"}]
    for stop in stops:
        steps += [
            {"kind": "arrive", "stop": stop.pk},
            {"kind": "at_door", "stop": stop.pk},
            {"kind": "unload", "stop": stop.pk},
            {"kind": "hand_over", "stop": stop.pk, "received_by": "Nomsa Nkosi"},
        ]

    answers = [at_phone.post("/drive/steps/", step, follow=True) for step in steps]

    assert [answer.status_code for answer in answers] == [200] * 9
    assert "Show at the gate: " in answers[0].content.decode()
    assert "The round is done" in answers[-1].content.decode()


def test_a_step_from_the_queue_is_answered_and_known_again(at_phone, stops):
    again = str(uuid4())

    answers = [queued(at_phone, "set_off", id=again).json() for _ in range(2)]

    assert answers == [{"outcome": "done", "answer": ""}] * 2
    assert queued(at_phone, "unload", stops[0]).json()["outcome"] == "refused"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'{"kind": "fly"}',
        b'{"kind": "set_off", "device_time": "yesterday"}',
        b'{"kind": "set_off", "device_time": "2026-03-04T08:00:00"}',
        b'{"kind": "set_off", "id": "7"}',
        b'{"kind": "arrive", "stop": "none"}',
        b'"' + b"x" * 500_000 + b'"',
        b'{"kind": "set_off", "facts": {"seals": 1e400}}',
    ],
)
def test_what_can_not_be_read_is_refused_and_nothing_is_recorded(at_phone, acme, body):
    answer = at_phone.post("/drive/steps/", body, content_type="application/json")

    assert (answer.status_code, answer.json()["outcome"]) == (422, "refused")
    with doorway.enter_shipper(acme):
        assert not DriverAction.objects.exists()


def test_a_link_that_was_used_opens_nothing(at_phone, token):
    other = Client(SERVER_NAME="acme.localhost")

    assert [other.get(f"/drive/open/{token}/").status_code, other.get("/drive/").status_code] == [410, 410]


def test_the_phones_key_is_good_at_its_shippers_host_alone(at_phone):
    secret = at_phone.cookies["dockside_drive"]
    assert (secret["path"], secret["httponly"], secret["samesite"]) == ("/drive/", True, "Lax")
    elsewhere = Client(SERVER_NAME="globex.localhost")
    elsewhere.cookies["dockside_drive"] = secret.value
    hub = Client(SERVER_NAME="localhost")
    hub.cookies["dockside_drive"] = secret.value

    assert (elsewhere.get("/drive/").status_code, hub.get("/drive/").status_code) == (410, 404)


def test_no_page_may_ask_for_more_of_a_phone_than_its_camera_and_place(at_phone):
    policy = at_phone.get("/drive/").headers["Permissions-Policy"]

    assert {"camera=(self)", "geolocation=(self)", "microphone=()"} <= set(policy.split(", "))


def test_a_phone_reaches_no_page_of_the_desk(at_phone, stops):
    pages = ["/", "/plan/", f"/deliveries/{stops[0].delivery_id}/", "/custody/", "/admin/"]

    assert [at_phone.get(page).status_code for page in pages] == [302] * 5


def test_a_planner_makes_the_link_once_and_ends_access(browse, route, acme):
    alice = browse("alice@acme.example", "acme")
    url = f"/plan/routes/{route.pk}/driver/"

    made = alice.post(url, {"step": "link"})
    address = made.context["address"]
    Client(SERVER_NAME="acme.localhost").post(address.partition("localhost:8000")[2])
    seen = alice.get(url).content.decode()
    alice.post(url, {"step": "end"})

    assert address.startswith("http://acme.localhost:8000/drive/open/")
    assert ("Dineo Driver" in seen, address in seen) == (True, False)
    with doorway.enter_shipper(acme):
        assert DriverSession.objects.get().ended_at is not None


def test_nobody_else_makes_a_link(browse, route):
    url = f"/plan/routes/{route.pk}/driver/"
    visitors = {
        "an auditor": browse("arthur@acme.example", "acme"),
        "another shipper": browse("bob@globex.example", "globex"),
        "the recipient": browse("rita@northern.example"),
    }

    answers = {who: client.post(url, {"step": "link"}).status_code for who, client in visitors.items()}

    assert answers == {"an auditor": 403, "another shipper": 404, "the recipient": 404}


def picture(colour="red"):
    file = BytesIO()
    Image.new("RGB", (60, 40), colour).save(file, "JPEG")
    return file.getvalue()


def photographed(phone, stop, content, name="photo.jpg", **others):
    body = {
        "id": str(uuid4()),
        "number": 7,
        "kind": "photo",
        "stop": str(stop.pk),
        "device_time": "2026-03-04T08:30:00.000+02:00",
        "sent_at": "2026-03-04T08:30:00.000+02:00",
        "file": SimpleUploadedFile(name, content),
        **others,
    }
    return phone.post("/drive/steps/", body, headers={"X-Drive-Queue": "1"})


def test_a_photo_from_the_queue_counts_once_and_what_is_none_is_refused_and_says_why(at_phone, stops, acme):
    again = str(uuid4())
    good = [photographed(at_phone, stops[0], picture(), id=again).json() for _ in range(2)]
    bad = [
        photographed(at_phone, stops[0], content, name, number=10 + n).json()
        for n, (content, name) in enumerate(
            [
                (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "1.jpg"),
                (b"PK\x03\x04" + bytes(200), "2.jpg"),
                (b"Time,Temp\n1,2\n", "3.csv"),
                (picture()[:100], "4.jpg"),
                (b"%PDF-1.7", "5.jpg"),
            ]
        )
    ]
    large = photographed(at_phone, stops[0], bytes(60 * 1024 * 1024), "6.jpg")

    assert good == [{"outcome": "done", "answer": ""}] * 2
    assert [each["outcome"] for each in bad] == ["refused"] * 5
    assert all(each["answer"] for each in bad)
    assert (large.status_code, "60 MB" in large.json()["answer"]) == (413, True)
    file = SimpleUploadedFile("7.jpg", bytes(60 * 1024 * 1024))
    typed = at_phone.post("/drive/steps/", {"kind": "photo", "stop": stops[0].pk, "file": file})
    assert (typed.status_code, "at most 20 MB" in typed.content.decode()) == (413, True)
    with doorway.enter_shipper(acme):
        assert Document.objects.filter(document_type="photo").count() == 1


def test_photos_of_one_route_are_reached_by_no_phone_and_no_other_shipper(at_phone, stops, acme, browse):
    photographed(at_phone, stops[0], picture())
    with doorway.enter_shipper(acme):
        photo = Document.objects.get(document_type="photo")

    answers = [
        at_phone.get(f"/documents/{photo.pk}/").status_code,
        browse("bob@globex.example", "globex").get(f"/documents/{photo.pk}/").status_code,
        browse("alice@acme.example", "acme").get(f"/documents/{photo.pk}/preview.png").status_code,
    ]
    assert answers == [302, 404, 200]


def test_without_script_the_statement_is_read_before_it_is_signed(at_phone, stops):
    at_phone.post("/drive/steps/", {"kind": "set_off", "seals": "s-1, s-2"})
    at_phone.post("/drive/steps/", {"kind": "arrive", "stop": stops[0].pk})
    page = at_phone.get("/drive/").content.decode()
    sscc = page.split('name="kind-')[1][:18]
    typed = {
        "kind": "hand_over",
        "stop": stops[0].pk,
        "received_by": "Nomsa Nkosi",
        f"kind-{sscc}": "damaged",
        f"reason-{sscc}": "packaging",
        "seals": "S-1",
        "temperatures": "4.5",
    }

    shown = at_phone.post("/drive/steps/", {**typed, "step": "review"})
    wrong = at_phone.post("/drive/steps/", {**typed, "temperatures": "warm", "step": "review"})
    signed = at_phone.post("/drive/steps/", dict(shown.context["typed"]), follow=True)

    text = shown.content.decode()
    assert "S-1, S-2" in page
    assert all(word in text for word in (sscc, "Packaging", "Seals differ", "4.5 °C", "Dineo Driver"))
    assert (wrong.status_code, "“warm” is no temperature" in wrong.content.decode()) == (422, True)
    assert (signed.status_code, "Delivered" in signed.content.decode()) == (200, True)
