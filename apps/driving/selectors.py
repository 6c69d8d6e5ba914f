"""What a driver's phone may read: its round, visit by visit; a published route's, or one leg."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.actors import Actor, Means, Side
from apps.appointments.models import AppointmentEvent
from apps.appointments.services.visiting import VisitStep
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.driving.errors import RouteClosed
from apps.driving.models import DriverSession
from apps.routing.models import Route, RoutePlan, Stop
from apps.tenancy.doorway import current_shipper

#: Deliveries whose visit is over, however it ended.
OVER = frozenset({State.DELIVERED, State.REFUSED, State.FAILED, State.CANCELLED})


@dataclass(frozen=True)
class Halt:
    """One visit of a round. Its id is that of the stop; a leg, which has no stop, goes by its own.

    ``at_door`` says whether the vehicle stood at its door; None where nobody waits for one.
    """

    pk: UUID
    position: int
    delivery: Delivery
    stop: Stop | None = None
    at_door: bool | None = None


@dataclass(frozen=True)
class Round:
    """What one phone reaches, in its order."""

    name: str
    halts: tuple[Halt, ...]

    def halt(self, pk: UUID | None) -> Halt | None:
        return next((each for each in self.halts if each.pk == pk), None)

    @property
    def upcoming(self) -> Halt | None:
        """The first halt whose visit is not over; None when the round is done."""
        return next((each for each in self.halts if each.delivery.state not in OVER), None)

    @property
    def has_set_off(self) -> bool:
        """Whether nothing of the round waits to be loaded or to leave any more."""
        return not any(each.delivery.state in (State.OPEN, State.LOADED) for each in self.halts)


def session_by_secret(secret: str, *, now: datetime) -> DriverSession:
    """The open session of a phone, in the current shipper's schema.

    Raises:
        RouteClosed: there is none, or its time is over.
    """
    session = (
        DriverSession.objects.select_related("vehicle__carrier", "site")
        .filter(secret_hash=sha256(secret.encode()).digest(), ended_at=None, expires_at__gt=now)
        .first()
    )
    if session is None:
        raise RouteClosed("This phone has no route open. Ask the planner for a new link.")
    return session


def round_of(session: DriverSession) -> Round:
    """What the phone has before it, as it stands now; 3 queries.

    Raises:
        RouteClosed: the published plan has no route for its vehicle any more.
    """
    if session.leg_id:
        leg = Delivery.objects.select_related("site").get(pk=session.leg_id)
        return Round(leg.get_leg_display(), (Halt(leg.pk, 1, leg),))
    route = (
        Route.objects.select_related("plan")
        .filter(
            plan__site=session.site,
            plan__day=session.day,
            plan__state=RoutePlan.State.PUBLISHED,
            vehicle=session.vehicle,
        )
        .first()
    )
    if route is None:
        raise RouteClosed(
            f"The plan has changed and {session.vehicle.plate} has no route on that day. Call the planner."
        )
    stops = list(route.stops.select_related("delivery__site", "dock").order_by("position"))
    doors = _at_their_doors(stops)
    halts = (
        Halt(each.pk, each.position, each.delivery, each, each.appointment_id in doors) for each in stops
    )
    return Round(str(route), tuple(halts))


def sessions_of_route(route: Route) -> QuerySet[DriverSession]:
    """The phones that were given the route's vehicle on its day; of whichever version of the plan."""
    return DriverSession.objects.filter(
        site=route.plan.site_id, day=route.plan.day, vehicle=route.vehicle_id, leg=None
    )


def _at_their_doors(stops: Sequence[Stop]) -> set[UUID]:
    """Appointments whose vehicle stood at its door, by whoever said so."""
    events = AppointmentEvent.objects.filter(
        appointment__in=[each.appointment_id for each in stops], step=VisitStep.AT_DOOR
    )
    return set(events.values_list("appointment_id", flat=True))


def actor_of(session: DriverSession) -> Actor:
    """The driver as whoever acts; what they may act on is checked where their actions come in."""
    return Actor(
        Side.SHIPPER,
        name=session.driver_name,
        shipper_id=current_shipper().pk,
        is_driver=True,
        means=Means.LINK,
    )
