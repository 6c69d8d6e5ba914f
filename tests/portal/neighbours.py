"""Two shippers at work beside each other with everything that could leak, each secret under its own word.

Acme delivers to Northern and to Southern, Globex to Northern; consignments and deliveries have EQUAL numbers.
What a pair of parties shares carries its word, what a shipper keeps to itself another, so that a word
on a page tells what leaked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta
from uuid import UUID, uuid4

from apps.accounts.actors import Actor, actor_in_network
from apps.accounts.models import Invitation, Membership, Role
from apps.appointments.load import Load
from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.appointments.services.self_reports import note_report
from apps.appointments.services.standing import Terms, propose_standing
from apps.carriers import files
from apps.carriers.models import Carrier, ComplianceDocument
from apps.consignments.models import Import
from apps.core.models import Job
from apps.custody.services import ExportScope, request_export, sequence
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of
from apps.deliveries.services.bulk import request_bulk
from apps.documents.models import Document
from apps.facilities.models import Site
from apps.figures.models import Milestone
from apps.figures.services import Dates, count, set_milestone, tie
from apps.insights.models import DeliveryException, EscalationRule
from apps.insights.services import watch
from apps.integrations.models import ApiKey
from apps.integrations.services import issue_key
from apps.notices.models import CalendarFeed
from apps.notices.permissions import FeedOwner
from apps.notices.services import open_feed
from apps.routing.models import Route, RoutePlan, Stop
from apps.routing.services import request_plan
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from apps.tendering.models import Tendering
from apps.tendering.services.starting import open_search
from apps.tendering.services.transitions import By
from apps.tendering.states import Channel
from apps.tracking.models import ConditionLimits
from tests.factories.cast import NOW
from tests.routing.conftest import RIGID, make_carrier

#: Wednesday after the tests' Monday.
DAY = (NOW + timedelta(days=2)).date()
AFTERWARDS = NOW + timedelta(days=3)
HEAD = "consignment,order,site,date,line,article,quantity,unit,batch,weight_kg,pallets"

ACME_AND_NORTHERN, ACME_AND_SOUTHERN, GLOBEX_AND_NORTHERN = "kestrel", "osprey", "heron"
ACMES_OWN, GLOBEXS_OWN = "condor", "vulture"
WORDS = frozenset({ACME_AND_NORTHERN, ACME_AND_SOUTHERN, GLOBEX_AND_NORTHERN, ACMES_OWN, GLOBEXS_OWN})

#: Ids by the name under which addresses take them.
Ids = dict[str, set[str]]


@dataclass
class Trip:
    """One delivery of a shipper to a site, agreed on or still waiting for the recipient's answer."""

    site: Site
    manager: Actor
    word: str
    agreed: bool
    ids: Ids = field(default_factory=dict)


@dataclass
class Business:
    """What one shipper has: its trips, and the ids of what is its own alone."""

    shipper: Shipper
    trips: list[Trip]
    own: Ids = field(default_factory=dict)

    @property
    def ids(self) -> Ids:
        return merged(self.own, *(trip.ids for trip in self.trips))


def merged(*some: Ids) -> Ids:
    """All ids of several, by name."""
    return {
        name: set().union(*(ids.get(name, ()) for ids in some)) for name in {n for ids in some for n in ids}
    }


def do_business(
    shipper: Shipper,
    planner: Actor,
    administrator: Actor,
    trips: list[Trip],
    word: str,
    drain: Callable[[], int],
) -> Business:
    """Import, book, issue papers, plan and export; what the shipper keeps to itself carries ``word``."""
    business = Business(shipper, trips)
    auditors = {trip.site.recipient_id: _auditor_of(trip.site) for trip in trips}
    with doorway.enter_shipper(shipper):
        carrier = make_carrier(f"{word} Lines", RIGID, drivers=(f"{word} Driver",))
        open_feed(
            actor=planner,
            scope=CalendarFeed.Scope.SHIPPER,
            subject_id=shipper.pk,
            label=f"{word} calendar",
            owner=FeedOwner(shipper_id=shipper.pk),
        )
        for number, trip in enumerate(trips, start=1):
            _book(trip, planner, number, word)
        warehouse = Site.objects.get(shipper=shipper)
        plan_job = request_plan(actor=planner, site=warehouse, day=DAY, now=NOW)
        while sequence(now=NOW):
            pass
        asked = [each.pk for each in Delivery.objects.all()]
        bulk_request = request_bulk(actor=planner, delivery_ids=asked)
        export_job = request_export(actor=administrator, scope=ExportScope(), now=NOW)
        received = {
            recipient_id: request_export(
                actor=auditor,
                scope=ExportScope(recipient_id=recipient_id, received_only=True),
                now=NOW,
            )
            for recipient_id, auditor in auditors.items()
            if auditor and recipient_id
        }
        keys = {
            recipient_id: issue_key(
                actor=auditor,
                name=f"{_word_of(trips, recipient_id)} WMS",
                scopes=["epcis.query"],
                recipient_id=recipient_id,
                now=NOW,
            )[0]
            for recipient_id, auditor in auditors.items()
            if auditor and recipient_id
        }
        own_key = ApiKey.objects.create(
            name=f"{word} TMS",
            token_hash=word.encode(),
            scopes=["epcis.query"],
            expires_at=AFTERWARDS + timedelta(days=90),
        )
    drain()
    with doorway.enter_shipper(shipper):
        for trip in trips:
            papers = Document.objects.filter(delivery_id__in=trip.ids["delivery_id"])
            trip.ids["document_id"] = _keys(papers)
            job = received.get(trip.site.recipient_id or shipper.pk)
            trip.ids["job_id"] = _keys([job] if job else [])
            trip.ids["shipper"] = {shipper.slug}
            key = keys.get(trip.site.recipient_id or shipper.pk)
            trip.ids["key_id"] = _keys([key] if key else [])
            trip.ids |= _people_of(recipient_id=trip.site.recipient_id)
        carrier_ids = _tender(carrier)
        business.own = {
            **_people_of(shipper_id=shipper.pk),
            "key_id": _keys([own_key]),
            "feed_id": _keys(CalendarFeed.objects.all()),
            "import_id": _keys(Import.objects.all()),
            "plan_id": _keys(RoutePlan.objects.all()),
            "route_id": _keys(Route.objects.all()),
            "stop_id": _keys(Stop.objects.all()),
            "job_id": _keys(Job.objects.all()),
            "request_id": _keys([bulk_request]),
            "site_id": _keys([warehouse]),
            "carriers_carrier": _keys([carrier]),
            "carriers_vehicle": _keys(carrier.vehicles.all()),
            "carriers_driver": _keys(carrier.drivers.all()),
            "carriers_tariff": _keys(carrier.tariffs.all()),
            "carrier_id": _keys([carrier]),
            **carrier_ids,
        }
        finished = set(Job.objects.filter(state=Job.State.DONE).values_list("pk", flat=True))
        assert {plan_job.pk, export_job.pk, *(job.pk for job in received.values())} <= finished
        watch(now=AFTERWARDS)
        assert count(now=AFTERWARDS).is_complete
        limits = ConditionLimits.objects.create(temperature_class="chilled", highest_celsius=8)
        rule = EscalationRule.objects.create(name=f"{word} rule")
        business.own["tracking_conditionlimits"] = _keys([limits])
        business.own["insights_escalationrule"] = _keys([rule])
        business.own["milestone_id"] = _keys([_milestone(trips[0], planner, word)])
        business.own["exception_id"] = _keys(DeliveryException.objects.all())
        assert business.own["exception_id"]
    return business


def _milestone(trip: Trip, planner: Actor, word: str) -> Milestone:
    """Something that waits for the first trip's delivery."""
    dates = Dates(
        project=f"{word} project",
        name="Crew",
        kind=Milestone.Kind.CREW,
        site=trip.site,
        starts_at=AFTERWARDS,
        not_before=None,
        late_day=None,
        early_day=None,
        currency="ZAR",
    )
    milestone = set_milestone(actor=planner, dates=dates)
    numbers = list(Delivery.objects.filter(pk__in=trip.ids["delivery_id"]).values_list("number", flat=True))
    tie(actor=planner, milestone_id=milestone.pk, numbers=numbers)
    return milestone


def _people_of(**organisation: UUID | None) -> Ids:
    """The roles held in an organisation, and one more that somebody is invited to."""
    if None in organisation.values():
        return {}
    with doorway.network():
        held = Membership.objects.filter(**organisation)
        first = held[0]
        invited = Invitation.objects.create(
            email="invited@example.com",
            role=first.role,
            token_hash=uuid4().bytes,
            invited_by=first.person,
            expires_at=AFTERWARDS,
            **organisation,
        )
        return {"membership_id": _keys(held), "invitation_id": _keys([invited])}


def _word_of(trips: list[Trip], recipient_id: UUID) -> str:
    return next(trip.word for trip in trips if trip.site.recipient_id == recipient_id)


def _auditor_of(site: Site) -> Actor | None:
    """Who audits for the site's recipient, where somebody does."""
    held = Membership.objects.filter(recipient_id=site.recipient_id, role=Role.AUDITOR).first()
    return actor_in_network(held.person) if held else None


def _tender(carrier: Carrier) -> Ids:
    """One route of the draft offered to the carrier, and a document with a file of its own."""
    kept = files.keep("licence.pdf", b"%PDF-1.7 licence")
    paper = ComplianceDocument.objects.create(
        carrier=carrier,
        kind=ComplianceDocument.Kind.OPERATOR_LICENCE,
        valid_until=DAY + timedelta(days=400),
        **vars(kept),
    )
    route = Route.objects.select_related("plan__site", "carrier")[0]
    by = By("Dockside", Channel.SYSTEM)
    search = open_search(route, mode=Tendering.Mode.WATERFALL, by=by, now=NOW)
    return {
        "compliance_id": _keys([paper]),
        "tendering_id": _keys([search]),
        "tender_id": _keys(search.tenders.all()),
        "route_id": _keys(Route.objects.all()),
        "carriers_compliancedocument": _keys([paper]),
    }


def _book(trip: Trip, planner: Actor, number: int, word: str) -> None:
    rows = [
        f"C-{number},PO-{number},{trip.site.code},{DAY},1,{trip.word} tablets,40,pack,B-7,300,2",
        f"C-9{number},PO-9,NOWHERE,{DAY},1,{word} tablets,-4,pack,B-7,300,2",
    ]
    services.import_orders(
        actor=planner, file_name=f"{word}-{number}.csv", content="\n".join([HEAD, *rows]).encode(), now=NOW
    )
    (delivery,) = services.group_consignments(actor=planner, now=NOW)
    appointment = _ask(delivery, planner, trip.word)
    offer = appointment.offers.get()
    if trip.agreed:
        services.accept_offer(actor=trip.manager, delivery=delivery, offer_id=offer.pk, slot_index=0, now=NOW)
    trip.ids = {
        "delivery_id": {str(delivery.pk)},
        "appointment_id": {str(appointment.pk)},
        "pk": {str(appointment.pk)},
        "offer_id": {str(offer.pk)},
        "site_id": {str(trip.site.pk)},
        "partner_id": {str(planner.shipper_id)},
        "feed_id": _feed(trip),
        "standing_id": _series(trip, planner),
        "report_id": _reported(trip),
        "facilities_site": {str(trip.site.pk)},
        "facilities_recipient": {str(trip.site.recipient_id)},
    }


def _series(trip: Trip, planner: Actor) -> set[str]:
    """A standing appointment that the shipper proposes."""
    assert planner.shipper_id is not None
    series = propose_standing(
        actor=planner,
        site=trip.site,
        shipper_id=planner.shipper_id,
        terms=Terms(weekdays=(3,), every=1, starts=time(9), first_day=DAY),
        load=Load(pallets=2),
        message=f"{trip.word} every week",
        now=NOW,
    )
    return _keys([series])


def _reported(trip: Trip) -> set[str]:
    """A vehicle that nobody knows, at the gate by its own word."""
    with doorway.network():
        report = note_report(
            site=trip.site, said=f"{trip.word} 1", verdict="unknown", appointment=None, address="", now=NOW
        )
        return _keys([report])


def _feed(trip: Trip) -> set[str]:
    """A calendar of the recipient's, made by its manager."""
    with doorway.network():
        open_feed(
            actor=trip.manager,
            scope=CalendarFeed.Scope.SITE,
            subject_id=trip.site.pk,
            label=f"{trip.word} docks",
            owner=FeedOwner(recipient_id=trip.site.recipient_id),
        )
        return _keys(CalendarFeed.objects.filter(label=f"{trip.word} docks"))


def _ask(delivery: Delivery, planner: Actor, word: str) -> Appointment:
    found = find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW)
    return services.ask_for_slots(
        actor=planner, delivery=delivery, slots=found.slots[:1], message=f"{word} asks", now=NOW
    )


def _keys(rows: object) -> set[str]:
    return {str(_key(row)) for row in rows}  # type: ignore[attr-defined]  # any rows


def _key(row: object) -> UUID:
    return row.pk  # type: ignore[attr-defined,no-any-return]  # any model
