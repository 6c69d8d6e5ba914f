"""Named queries and subscriptions: kept, asked, reported once each in order, signed and ended."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import quote

import pytest

from apps.custody.models import CustodyEvent
from apps.custody.selectors import entries
from apps.custody.services import sequence
from apps.integrations import schedules, webhooks
from apps.integrations.models import ApiKey, Report, Subscription
from apps.integrations.services import revoke_key
from apps.integrations.services.subscribing import report_what_is_new, send_report
from apps.notices.models import Notice
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.integrations.test_epcis_rest import BOTH, _event, _listed
from tests.standards import epcis_judge

MOVES = {"name": "moves", "query": {"EQ_bizStep": ["departing", "arriving"], "eventType": ["ObjectEvent"]}}
TOKEN = "13df38d8275b13f05704629e5f1cf3d45d6132d5"


class Receiver:
    """A subscriber's system: what it got, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                self.send_response(outer.status)
                self.send_header("Location", "http://169.254.169.254/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/events?of=acme"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self) -> list[list[str]]:
        """The steps in each report."""
        bodies = [json.loads(body) for _, body in self.got]
        return [
            [each["bizStep"] for each in body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]
            for body in bodies
        ]


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.WEBHOOK_TRUSTED_HOSTS = ["127.0.0.1"]
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _log_all() -> None:
    while sequence(now=NOW):
        pass


def _depart(tms, ssccs, minute: int = 30) -> None:
    at = f"2026-03-02T07:{minute:02}:00+02:00"
    answer = tms.post("/events", _event(ssccs, eventID=f"urn:uuid:{minute}", eventTime=at))
    assert answer.status_code == 201, answer.content
    _log_all()


def _subscribed(tms, receiver, **changes: Any) -> dict[str, Any]:
    tms.post("/queries", MOVES)
    body = {"dest": receiver.address, "signatureToken": TOKEN, "stream": True} | changes
    answer = tms.post("/queries/moves/subscriptions", {k: v for k, v in body.items() if v is not None})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_named_query_is_kept_asked_in_pages_and_deleted_and_is_its_keys_own(system, confirmed, ssccs):
    tms, other = system(*BOTH), system(*BOTH)
    made, again = tms.post("/queries", MOVES), tms.post("/queries", MOVES)
    for minute in (20, 30):
        _depart(tms, ssccs, minute)
    first = tms.get("/queries/moves/events", {"perPage": 1})
    target = first["Link"].split(";")[0].strip("<>")
    second = tms.get(target)

    assert (made.status_code, made["Location"].split("/2.0")[1], again.status_code) == (
        201,
        "/queries/moves",
        409,
    )
    assert again.json()["type"] == "epcisException:ResourceAlreadyExistsException"
    assert tms.get("/queries").json() == [MOVES]
    assert tms.get("/queries/moves").json() == MOVES
    assert epcis_judge()(first.json()) == []
    assert first.json()["epcisBody"]["queryResults"]["queryName"] == "moves"
    assert [len(_listed(each)) for each in (first, second)] == [1, 1]
    assert _listed(first)[0]["eventID"] != _listed(second)[0]["eventID"]
    assert tms.get("/queries/moves/events", {"EQ_action": "ADD"}).status_code == 400
    assert (other.get("/queries").json(), other.get("/queries/moves").status_code) == ([], 404)
    assert other.post("/queries", MOVES).status_code == 201
    assert tms.client.delete("/api/epcis/2.0/queries/moves").status_code == 204
    assert [each.get("/queries/moves").status_code for each in (tms, other)] == [404, 200]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"name": "a b", "query": {}},
        {"name": "SimpleEventQuery", "query": {}},
        {"name": "x", "query": {"EQ_colour": ["red"]}},
        {"name": "x", "query": {"EQ_action": [{}]}},
        {"name": "x", "query": {"perPage": 3}},
        {"name": "x", "query": {"GE_eventTime": "yesterday"}},
    ],
)
def test_a_query_that_can_not_be_asked_is_not_kept(system, at_acme, body):
    tms = system("epcis.query")

    answer = tms.post("/queries", json.dumps(body))

    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:QueryParameterException")
    assert tms.get("/queries").json() == []


def test_a_stream_tells_each_event_once_in_order_signed_and_valid(system, confirmed, ssccs, receiver, drain):
    tms = system(*BOTH)
    _depart(tms, ssccs, 10)  # before it subscribed: not told
    made = _subscribed(tms, receiver)
    for minute in (20, 30):
        _depart(tms, ssccs, minute)
        report_what_is_new(now=NOW)
        drain()
    report_what_is_new(now=NOW)
    drain()

    assert receiver.told() == [["departing"], ["departing"]]
    headers, body = receiver.got[0]
    document = json.loads(body)
    assert epcis_judge()(document) == []
    assert document["epcisBody"]["queryResults"]["subscriptionID"] == made["subscriptionID"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    proof = base64.b64encode(hmac.digest(TOKEN.encode(), signed, hashlib.sha256)).decode()
    assert headers["GS1-Signature"] == headers["webhook-signature"] == f"v1,{proof}"
    (listed,) = tms.get("/queries/moves/subscriptions").json()
    assert (listed["stream"], listed["lastNotifiedAt"][:10]) == (True, f"{NOW.date()}")
    assert TOKEN not in json.dumps(listed)
    granted = entries(CustodyEvent.objects.filter(type="access_granted"))[-1]
    assert granted.details["what"] == "EPCIS subscription of Swift TMS to 127.0.0.1"


def test_what_is_not_taken_comes_again_under_its_id_and_what_follows_waits(
    system, confirmed, ssccs, receiver, drain
):
    tms = system(*BOTH)
    _subscribed(tms, receiver)
    _depart(tms, ssccs, 20)
    receiver.status = 302  # a redirect is followed nowhere
    report_what_is_new(now=NOW)
    drain()
    _depart(tms, ssccs, 30)
    report_what_is_new(now=NOW)
    receiver.status = 204
    waiting = Report.objects.get(done_at=None)
    send_report(report_id=waiting.pk, now=NOW)
    send_report(report_id=waiting.pk, now=NOW)
    report_what_is_new(now=NOW)
    send_report(report_id=Report.objects.get(done_at=None).pk, now=NOW)

    assert waiting.failed == "127.0.0.1 answered 302."
    assert receiver.told() == [["departing"]] * 3
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert (ids[0] == ids[1], ids[2] == ids[0]) == (True, False)


def test_a_receiver_that_is_lost_ends_the_subscription_and_is_told_of(
    system, confirmed, ssccs, receiver, drain
):
    tms = system(*BOTH)
    _subscribed(tms, receiver)
    _depart(tms, ssccs)
    receiver.status = 500
    report_what_is_new(now=NOW)
    drain()
    report_what_is_new(now=NOW + timedelta(hours=9))
    drain()

    ended = Subscription.objects.get()
    assert (ended.ended_why, ended.secret) == ("127.0.0.1 answered 500.", "")
    assert tms.get("/queries/moves/subscriptions").json() == []
    with doorway.network():
        told = Notice.objects.filter(title="Swift TMS gets no more events").select_related("person")
        assert [each.person.email for each in told] == ["ada@acme.example"]


def test_a_key_that_ends_takes_its_subscriptions_along(system, confirmed, ssccs, receiver, ada, drain):
    tms = system(*BOTH)
    _subscribed(tms, receiver)
    _depart(tms, ssccs)
    report_what_is_new(now=NOW)
    revoke_key(actor=ada, key_id=ApiKey.objects.get().pk, now=NOW)
    drain()
    report_what_is_new(now=NOW)

    assert receiver.got == []
    assert Subscription.objects.get().ended_why == "its key opens nothing any more"


def test_a_schedule_reports_at_its_time_empty_where_that_is_asked(system, confirmed, ssccs, receiver, drain):
    tms = system(*BOTH)
    made = _subscribed(tms, receiver, stream=None, schedule={"hour": "6", "minute": "30"}, reportIfEmpty=True)
    _depart(tms, ssccs)
    for minutes in (0, 30, 31, 24 * 60 + 30):
        report_what_is_new(now=NOW + timedelta(minutes=minutes))
        drain()

    assert receiver.told() == [["departing"], []]
    tms.client.delete(f"/api/epcis/2.0/queries/moves/subscriptions/{made['subscriptionID']}")
    assert tms.get(f"/queries/moves/subscriptions/{made['subscriptionID']}").status_code == 404


REFUSED = [
    {"stream": None},
    {"schedule": {"hour": "1"}},
    {"stream": None, "schedule": {"hours": "1"}},
    {"stream": None, "schedule": {"month": "2", "dayOfMonth": "30"}},
    {"dest": 5},
    {"dest": "https://user:secret@example.com/"},
    {"dest": "http://example.com/"},
    {"dest": "https://localhost/"},
    {"dest": "https://169.254.169.254/latest/meta-data"},
    {"dest": "https://[::ffff:10.0.0.1]/"},
    {"dest": "https://10.0.0.1/"},
    {"dest": "https://nowhere.invalid/"},
    {"dest": "gopher://example.com/"},
    {"signatureToken": 7},
    {"initialRecordTime": "yesterday"},
]


@pytest.mark.parametrize("changes", REFUSED, ids=str)
def test_a_subscription_that_can_not_be_reported_to_is_refused(system, at_acme, changes):
    tms = system("epcis.query")
    tms.post("/queries", MOVES)
    body = {"dest": "https://93.184.216.34/", "stream": True} | changes

    answer = tms.post("/queries/moves/subscriptions", {k: v for k, v in body.items() if v is not None})

    assert answer.status_code in (400, 409, 422), answer.content
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.1.1", "0.0.0.0", "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_no_way_leads_into_a_private_network(address):
    assert not webhooks._is_public(address)


def test_a_public_address_is_public():
    assert webhooks._is_public("93.184.216.34")
    assert webhooks._is_public("2606:2800:220:1::1")


@pytest.mark.parametrize(
    ("schedule", "after", "next_one"),
    [
        ({"hour": "1", "minute": "5"}, "2026-03-02T00:00:00", "2026-03-02T01:05:00"),
        ({"hour": "1"}, "2026-03-02T01:00:00", "2026-03-03T01:00:00"),
        ({"second": "0/30"}, "2026-03-02T01:00:00", "2026-03-02T01:00:30"),
        ({"minute": "*/15"}, "2026-03-02T01:46:00", "2026-03-02T02:00:00"),
        ({"dayOfWeek": "7"}, "2026-03-02T12:00:00", "2026-03-08T00:00:00"),
        ({"dayOfMonth": "29", "month": "2"}, "2026-03-02T00:00:00", "2028-02-29T00:00:00"),
        ({"hour": "[8-10],20"}, "2026-03-02T10:00:00", "2026-03-02T20:00:00"),
    ],
)
def test_a_schedule_names_its_next_time(schedule, after, next_one):
    at = datetime.fromisoformat(after).replace(tzinfo=UTC)

    assert schedules.next_time(schedule, at) == datetime.fromisoformat(next_one).replace(tzinfo=UTC)


def test_discovery_says_what_there_is(system, confirmed, ssccs):
    tms = system("epcis.query")
    root = tms.get("/").json()["member"]
    options = tms.client.options("/api/epcis/2.0/queries")

    assert {"queries", "events", "epcs", "bizLocations", "readPoints"} <= set(root)
    assert (options.status_code, options["GS1-EPCIS-Min"], options["GS1-CBV-Max"]) == (204, "2.0.0", "2.0.0")
    assert "POST" in options["Allow"]
    epcs, page = [], tms.get("/epcs", {"perPage": 2})
    while True:
        epcs += page.json()["member"]
        if "Link" not in page:
            break
        page = tms.get(page["Link"].split(";")[0].strip("<>"))
    assert sorted(epcs) == epcs == sorted(f"https://id.gs1.org/00/{sscc}" for sscc in ssccs)
    (place,) = tms.get("/bizLocations").json()["member"]
    assert _listed(tms.get(f"/bizLocations/{quote(place, safe='')}/events"))
    assert tms.get("/readPoints").json()["member"] == []
    assert tms.get("/bizSteps/departing").json()["member"] == ["events"]
    assert tms.get("/bizSteps/flying").status_code == 404
    assert tms.get("/epcs", {"perPage": "0"}).status_code == 400
    assert tms.client.delete("/api/epcis/2.0/nextPageToken/x").status_code == 501
    newer = tms.client.get("/api/epcis/2.0/events", headers={"GS1-EPCIS-Min": "3.0.0"})
    assert (newer.status_code, newer.json()["type"]) == (406, "epcisException:NotAcceptableException")
