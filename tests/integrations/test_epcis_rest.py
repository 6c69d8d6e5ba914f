"""EPCIS 2.0's REST interface: what is captured, refused and answered, and for whom."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from apps.core.api import PROBLEM_TYPE
from apps.core.errors import PermissionRefused
from apps.custody import selectors
from apps.custody.models import CustodyEvent
from apps.integrations.models import ApiKey, Capture
from apps.integrations.services import issue_key, revoke_key
from tests.factories.cast import NOW
from tests.standards import STANDARDS, epcis_judge

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
BOTH = ("epcis.capture", "epcis.query")


def _event(ssccs: list[str], **changes: Any) -> dict[str, Any]:
    event = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8",
        "eventTime": "2026-03-02T07:30:00+02:00",
        "eventTimeZoneOffset": "+02:00",
        "action": "OBSERVE",
        "bizStep": "departing",
        "epcList": [f"https://id.gs1.org/00/{sscc}" for sscc in ssccs],
        "readPoint": {"id": "geo:-26.2041,28.0473"},
    }
    return {name: value for name, value in {**event, **changes}.items() if value is not None}


def _document(*events: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-02T06:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }


def _listed(answer: Any) -> list[dict[str, Any]]:
    return answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def test_a_captured_event_is_on_the_record_in_the_systems_name_and_is_found_again(
    system, confirmed, ssccs, delivery, drain
):
    tms = system(*BOTH)
    event = _event(ssccs)
    assert epcis_judge()(_document(event)) == []

    accepted = tms.post("/capture", _document(event))
    waiting = tms.get(accepted["Location"]).json()
    drain()
    done = tms.get(accepted["Location"]).json()
    found = tms.get("/events", {"EQ_bizStep": "departing", "MATCH_epc": event["epcList"][0]})

    assert accepted.status_code == 202
    assert (waiting["running"], done["running"], done["success"], done["errors"]) == (True, False, True, [])
    assert epcis_judge()(found.json()) == []
    (told,) = _listed(found)
    assert told["eventID"] == event["eventID"]
    assert told["eventTime"] == "2026-03-02T05:30:00.000000Z"
    assert told["readPoint"] == {"id": "geo:-26.2041000,28.0473000"}
    entry = next(each for each in selectors.timeline(delivery.pk) if each.type == "departed")
    assert (entry.actor, entry.role, entry.organisation) == ("Swift TMS", "By a system’s key", "Acme Medical")
    assert tms.get(f"/events/{quote(event['eventID'])}").json()["eventID"] == event["eventID"]


REFUSED = [
    ({"type": "Event"}, "type is one of"),
    ({"action": "ADD"}, "No custody event says ObjectEvent ADD departing"),
    ({"bizStep": "accepting"}, "both parties sign"),
    ({"bizStep": "destroying"}, "No custody event says"),
    ({"eventTime": "2026-03-02T07:30:00"}, "eventTime is missing or no time"),
    ({"eventTime": "2026-03-02T09:30:00+02:00"}, "lies in the future"),
    ({"eventTimeZoneOffset": None}, "eventTimeZoneOffset"),
    ({"epcList": []}, "names no handling unit"),
    ({"epcList": ["urn:epc:id:sgtin:0614141.107346.2017"]}, "is no SSCC"),
    ({"epcList": ["https://id.gs1.org/00/106141411234567890"]}, "check digit"),
    ({"epcList": ["https://id.gs1.org/00/106141411234567897"]}, "has no handling unit"),
    ({"errorDeclaration": {"declarationTime": "2026-03-02T06:00:00Z"}}, "administrators"),
    (
        {"bizStep": "arriving", "bizLocation": {"id": "https://id.gs1.org/414/9501101530003"}},
        "another place",
    ),
    ({"bizStep": "sensor_reporting"}, "sensorElementList"),
    ("no event", "JSON object"),
]


def test_what_custody_can_not_say_is_refused_with_the_reason(system, confirmed, ssccs):
    tms = system(*BOTH)
    for changes, reason in REFUSED:
        event = changes if isinstance(changes, str) else _event(ssccs, **changes)

        answer = tms.post("/events", json.dumps(event))

        assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM_TYPE)
        assert answer.json()["type"] == "epcisException:ValidationException"
        assert reason in answer.json()["detail"]
    assert not CustodyEvent.objects.filter(type__in=["departed", "arrived", "condition_reading"]).exists()


@pytest.mark.parametrize(("behaviour", "kept"), [("rollback", 0), ("proceed", 1)])
def test_one_bad_event_takes_all_back_or_not_as_was_asked(system, confirmed, ssccs, drain, behaviour, kept):
    tms = system(*BOTH)
    document = _document(_event(ssccs), _event(ssccs, eventID="urn:uuid:1", bizStep="accepting"))

    where = tms.post("/capture", document, **{"GS1-Capture-Error-Behaviour": behaviour})["Location"]
    drain()

    job = tms.get(where).json()
    (error,) = job["errors"]
    assert (job["success"], error["instance"], error["eventID"]) == (
        False,
        "/epcisBody/eventList/1",
        "urn:uuid:1",
    )
    assert CustodyEvent.objects.filter(type="departed").count() == kept
    assert Capture.objects.get().events is None


def test_the_same_event_counts_once_and_another_under_its_id_is_refused(system, confirmed, ssccs):
    tms = system(*BOTH)
    first, again = (tms.post("/events", _event(ssccs)) for _ in range(2))
    other = tms.post("/events", _event(ssccs, eventTime="2026-03-02T07:31:00+02:00"))

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 400)
    assert "Another event was captured" in other.json()["detail"]
    assert CustodyEvent.objects.filter(type="departed").count() == 1


def test_loading_and_temperatures_are_taken_with_what_they_say(system, confirmed, ssccs):
    tms = system(*BOTH)
    loading = _event(
        [],
        type="AggregationEvent",
        action="ADD",
        bizStep="loading",
        eventID=None,
        epcList=None,
        parentID="https://localhost/acme/vehicle/GP%201",
        childEPCs=[f"https://id.gs1.org/00/{ssccs[0]}"],
    )
    report = {"type": "Temperature", "deviceID": "urn:x:logger-7", "uom": "CEL"}
    element = {
        "sensorMetadata": {"startTime": "2026-03-02T05:00:00Z", "endTime": "2026-03-02T05:20:00Z"},
        "sensorReport": [{**report, "value": 4.2}, {**report, "minValue": 2, "maxValue": 8.5}],
    }
    measured = _event(ssccs, bizStep="sensor_reporting", sensorElementList=[element])

    assert [tms.post("/events", each).status_code for each in (loading, measured)] == [201, 201]

    said = {
        event.type: json.loads(bytes(event.canonical))["details"]
        for event in CustodyEvent.objects.filter(type__in=["loaded", "condition_reading"])
    }
    assert said["loaded"]["vehicle"] == "GP 1"
    assert said["condition_reading"] == {
        "sensor": "urn:x:logger-7",
        "from": "2026-03-02T05:00:00.000000Z",
        "to": "2026-03-02T05:30:00.000000Z",
        "readings": 3,
        "minimum_mc": 2000,
        "maximum_mc": 8500,
        "within_limits": True,
    }


def test_pages_lead_through_every_event_once_by_the_link_alone(system, confirmed, ssccs):
    tms = system("epcis.query")
    whole = _listed(tms.get("/events", {"perPage": 1000, "orderDirection": "ASC"}))
    pages, answer = [], tms.get("/events", {"perPage": 2, "orderDirection": "ASC"})
    while True:
        pages.append(_listed(answer))
        if "Link" not in answer:
            break
        target, relation = answer["Link"].split("; ")
        assert relation == 'rel="next"'
        answer = tms.get(target.strip("<>"))

    assert len(whole) > 3
    assert [each for page in pages for each in page] == whole
    assert max(len(page) for page in pages) <= max(2, len(ssccs))


def test_queries_match_as_the_standard_says(system, confirmed, ssccs, delivery):
    tms = system(*BOTH)
    tms.post("/events", _event(ssccs))
    link = f"https://id.gs1.org/00/{ssccs[0]}"

    def asked(path: str = "/events", **query: Any) -> list[str]:
        answer = tms.get(path, query)
        assert answer.status_code == 200, answer.json()
        assert epcis_judge()(answer.json()) == []
        return [each["dockside:type"] for each in _listed(answer)]

    assert asked(EQ_bizStep="departing,arriving") == ["departed"]
    assert asked(EQ_bizStep="departing", LT_eventTime="2026-03-02T05:30:00Z") == []
    assert asked(EQ_bizStep="departing", GE_eventTime="2026-03-02T05:30:00Z") == ["departed"]
    assert asked(EQ_disposition="in_transit", eventType="ObjectEvent", EQ_action="OBSERVE") == ["departed"]
    assert set(asked(MATCH_anyEPC=link)) >= {"departed", "appointment_confirmed"}
    assert asked(MATCH_epc="https://id.gs1.org/00/106141411234567897") == []
    assert asked(EXISTS_errorDeclaration="true") == []
    assert asked(eventCountLimit=1, orderBy="recordTime", orderDirection="ASC") == ["consignment_created"]
    assert asked("/bizSteps/departing/events") == ["departed"]
    assert asked("/eventTypes/TransformationEvent/events") == []
    assert "departed" in asked(f"/epcs/{quote(link, safe='')}/events")
    assert "ObjectEvent" in tms.get("/eventTypes").json()["member"]
    assert "departing" in tms.get("/bizSteps").json()["member"]


PROBLEMS = [
    ("/events", {"EQ_colour": "red"}, 400, "QueryParameterException"),
    ("/events", {"GE_eventTime": "yesterday"}, 400, "QueryParameterException"),
    ("/events", {"perPage": "0"}, 400, "QueryParameterException"),
    ("/events", {"orderBy": "x"}, 400, "QueryParameterException"),
    ("/events", {"nextPageToken": "abc"}, 400, "QueryParameterException"),
    ("/events", {"eventCountLimit": "1", "maxEventCount": "1"}, 400, "QueryParameterException"),
    ("/events", {"maxEventCount": "1"}, 413, "QueryTooLargeException"),
    ("/events/urn:uuid:00000000-0000-7000-8000-000000000001", {}, 404, "NoSuchResourceException"),
    ("/colours/red/events", {}, 404, "NoSuchResourceException"),
    ("/capture/00000000-0000-7000-8000-000000000001", {}, 404, "NoSuchResourceException"),
]


def test_a_refusal_is_a_problem_by_the_standards_name(system, confirmed):
    tms = system(*BOTH)
    for path, query, status, exception in PROBLEMS:
        answer = tms.get(path, query)

        assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM_TYPE)
        assert answer.json()["type"] == f"epcisException:{exception}"


def test_a_page_token_is_good_for_its_query_alone(system, confirmed):
    tms = system("epcis.query")
    link = tms.get("/events", {"perPage": 1})["Link"]
    token = link.split("nextPageToken=")[1].split(">")[0]

    assert (
        tms.get(f"http://acme.localhost/api/epcis/2.0/events?EQ_action=ADD&nextPageToken={token}").status_code
        == 400
    )


def test_a_key_opens_what_it_is_for_at_its_own_shipper_until_it_is_revoked(
    system, confirmed, ssccs, acme, browse, ada
):
    asks, sends = system("epcis.query"), system("epcis.capture")
    foreign, at_hub = system(*BOTH, of="globex", at="acme.localhost"), system(*BOTH, at="localhost")

    assert (asks.get("/events").status_code, asks.post("/events", _event(ssccs)).status_code) == (200, 403)
    assert (sends.get("/events").status_code, sends.get("/capture").status_code) == (403, 200)
    assert foreign.get("/events").status_code == 401
    assert at_hub.get("/events").status_code == 404
    assert browse("arthur@acme.example", "acme").get("/api/epcis/2.0/events").status_code == 401
    assert revoke_key(actor=ada, key_id=ApiKey.objects.filter(scopes=["epcis.query"])[0].pk, now=NOW)
    assert asks.get("/events").status_code == 401


def test_another_shippers_system_sees_and_touches_none_of_acmes_goods(system, confirmed, ssccs):
    theirs = system(*BOTH, of="globex")

    assert _listed(theirs.get("/events")) == []
    assert "has no handling unit" in theirs.post("/events", _event(ssccs)).json()["detail"]


def test_a_job_is_its_own_keys_alone(system, confirmed, ssccs):
    where = system(*BOTH).post("/capture", _document(_event(ssccs)))["Location"]
    other = system(*BOTH)

    assert other.get(where).status_code == 404
    assert other.get("/capture").json() == []


def test_a_document_that_is_none_is_refused_whole(system, at_acme):
    tms = system(*BOTH)
    for changes, status in (
        ({"type": "EPCISQueryDocument"}, 400),
        ({"schemaVersion": "1.2"}, 400),
        ({"epcisBody": {"eventList": []}}, 400),
        ({"epcisBody": {"eventList": [{}] * 1001}}, 413),
    ):
        assert tms.post("/capture", {**_document({}), **changes}).status_code == status
    assert tms.post("/capture", "[]").status_code == 400
    assert not Capture.objects.exists()


def test_asking_is_on_record(system, confirmed):
    system("epcis.query").get("/events")

    (access,) = selectors.entries(CustodyEvent.objects.filter(type="access_viewed"))
    assert (access.actor, access.details["what"]) == ("Swift TMS", "EPCIS events")


def test_only_an_administrator_issues_keys(at_acme, alice, ada):
    with pytest.raises(PermissionRefused):
        issue_key(actor=alice, name="x", scopes=["epcis.query"], now=NOW)
    key, token = issue_key(actor=ada, name="x", scopes=["epcis.query"], now=NOW)
    assert token.encode() not in bytes(key.token_hash)


def test_the_official_examples_are_taken_or_refused_and_never_break_it(system, confirmed):
    tms = system(*BOTH)
    samples = sorted((STANDARDS / "epcis").glob("*valid*/*.json*"))
    if not samples:
        pytest.skip("no EPCIS examples: STANDARDS_DIR names no folder with epcis")

    for path in samples:
        document = json.loads(path.read_text())
        events = document.get("epcisBody", {}).get("eventList", [document])
        for event in events:
            answer = tms.post("/events", event)
            assert answer.status_code == 400, (path.name, answer.content)
