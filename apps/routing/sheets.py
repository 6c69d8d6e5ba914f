"""A route on paper or as a table: the sheet that its driver takes along."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils import translation

from apps.appointments.models import Appointment
from apps.core.sheets import guarded
from apps.deliveries.models import DeliveryConsignment
from apps.documents.logo import logo_uri
from apps.documents.rendering import html_to_pdf
from apps.routing.errors import UnknownPlan
from apps.routing.models import Route, RoutePlan, Stop
from apps.routing.ways import DrivenAround, around_by_leg
from apps.tenancy.doorway import current_shipper

COLUMNS = (
    "route",
    "trip",
    "stop",
    "delivery",
    "consignments",
    "site",
    "address",
    "contact",
    "dock",
    "confirmation_number",
    "arrives",
    "slot_from",
    "slot_to",
    "unloads_from",
    "unloads_to",
    "km",
    "around",
    "pallets",
    "weight_kg",
    "temperature",
    "gate",
    "carrier",
    "vehicle",
    "driver",
    "from",
    "plan",
)


@dataclass(frozen=True)
class SheetStop:
    """One visit with all that its driver has to know; moments are aware.

    ``begins_a_trip``: the vehicle was back at its depot before this stop, and loaded there over ``loading``.
    ``around``: which zones the way there avoids.
    """

    stop: Stop
    consignments: tuple[str, ...]
    confirmation_number: str
    zone: ZoneInfo
    begins_a_trip: bool = False
    loading: tuple[datetime, datetime] | None = None
    around: DrivenAround | None = None

    @property
    def address(self) -> str:
        site = self.stop.delivery.site
        town = " ".join(filter(None, [site.postal_code, site.city]))
        return ", ".join(filter(None, [site.street, town, site.region]))

    @property
    def contact(self) -> str:
        site = self.stop.delivery.site
        return " · ".join(filter(None, [site.contact_name, site.contact_phone]))


@dataclass(frozen=True)
class RouteSheet:
    """One route as it is planned, in force or not, from leaving the warehouse until the return."""

    route: Route
    shipper: str
    stops: tuple[SheetStop, ...]
    breaks: tuple[tuple[datetime, datetime], ...]
    zone: ZoneInfo
    logo: str = ""
    home_around: DrivenAround | None = None

    @property
    def name(self) -> str:
        """What the file is called, without its ending; plain ASCII."""
        plan = self.route.plan
        return f"route-{plan.day:%Y-%m-%d}-v{plan.version}-{self.route.number}"

    @property
    def is_draft(self) -> bool:
        return self.route.plan.state == RoutePlan.State.DRAFT

    @property
    def is_replaced(self) -> bool:
        return self.route.plan.state == RoutePlan.State.REPLACED


def route_sheet(route_id: UUID) -> RouteSheet:
    """The sheet of one route; 5 queries.

    Raises:
        UnknownPlan: there is no such route in this schema.
    """
    stops = Stop.objects.select_related("delivery__site", "dock").order_by("position")
    route = (
        Route.objects.select_related("plan__site", "carrier", "vehicle", "driver", "depot")
        .prefetch_related(Prefetch("stops", stops))
        .filter(pk=route_id)
        .first()
    )
    if route is None:
        raise UnknownPlan("There is no such route.")
    rows = list(route.stops.all())
    carried: defaultdict[UUID, list[str]] = defaultdict(list)
    rides = DeliveryConsignment.objects.filter(delivery__in=[stop.delivery_id for stop in rows])
    for delivery_id, number in rides.values_list("delivery_id", "consignment__number").order_by(
        "consignment__number"
    ):
        carried[delivery_id].append(number)
    agreed = Appointment.objects.filter(pk__in=[stop.appointment_id for stop in rows])
    numbers = dict(agreed.values_list("pk", "confirmation_number"))
    around = around_by_leg(route)
    loadings = {one["leg"]: _span(one) for one in route.segments if one["activity"] == "load"}
    return RouteSheet(
        route=route,
        shipper=current_shipper().name,
        stops=tuple(
            SheetStop(
                stop,
                tuple(carried[stop.delivery_id]),
                numbers.get(stop.appointment_id) or "",
                ZoneInfo(stop.delivery.site.time_zone),
                leg > 0 and stop.trip > rows[leg - 1].trip,
                loadings.get(leg),
                around.get(leg),
            )
            for leg, stop in enumerate(rows)
        ),
        breaks=tuple(_span(one) for one in route.segments if one["activity"] == "break"),
        zone=ZoneInfo(route.plan.site.time_zone),
        logo=logo_uri(),
        home_around=around.get(len(rows)),
    )


def _span(segment: Mapping[str, str]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(segment["start"]), datetime.fromisoformat(segment["end"])


def as_pdf(sheet: RouteSheet) -> bytes:
    """The sheet as PDF, A4, in the language of the papers of the site that it leaves from.

    Equal routes give equal bytes. Times are those of the place they are about.

    Raises:
        PdfUnavailable: a system library is missing.
    """
    with translation.override(sheet.route.plan.site.paper_language):
        html = render_to_string("documents/route_sheet.html", {"sheet": sheet, "route": sheet.route})
    return html_to_pdf(html, "paper.css", "route_sheet.css")


def as_csv(sheet: RouteSheet) -> bytes:
    """The sheet as a table, a stop a line: UTF-8 with a byte order mark, times in the site's own zone.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for one in sheet.stops:
        lines.writerow([guarded(str(cell)) for cell in _cells(sheet, one)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cells(sheet: RouteSheet, one: SheetStop) -> tuple[object, ...]:
    route, stop = sheet.route, one.stop
    delivery = stop.delivery

    def at(moment: datetime) -> str:
        return moment.astimezone(one.zone).isoformat(timespec="minutes")

    return (
        route.number,
        stop.trip,
        stop.position,
        delivery.number,
        " ".join(one.consignments),
        delivery.site.name,
        one.address,
        one.contact,
        stop.dock.name,
        one.confirmation_number,
        at(stop.arrives_at),
        at(stop.slot.lower),
        at(stop.slot.upper),
        at(stop.starts_at),
        at(stop.departs_at),
        f"{stop.distance_m / 1000:.1f}",
        ", ".join(one.around.zones) if one.around else "",
        delivery.pallets,
        delivery.weight_kg,
        delivery.get_temperature_class_display(),
        delivery.site.gate_instructions,
        route.carrier.name,
        route.vehicle.plate,
        route.driver.name if route.driver else "",
        route.depot.name,
        f"{route.plan.day:%Y-%m-%d} version {route.plan.version} ({route.plan.get_state_display()})",
    )
