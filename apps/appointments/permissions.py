"""Who may negotiate, answer, cancel, operate and see: predicates over an appointment, or over a site."""

from typing import Any
from uuid import UUID

import rules

from apps.accounts.actors import Actor, Side
from apps.accounts.models import Role
from apps.accounts.permissions import is_operator, is_planner
from apps.appointments.models import AnswerPolicy, Appointment, StandingAppointment, WaitingEntry
from apps.facilities.models import Site


def _recipient_of(subject: Appointment | Site) -> UUID | None:
    site = subject if isinstance(subject, Site) else subject.site
    return site.recipient_id


@rules.predicate
def is_dockside(actor: Actor, subject: Any = None) -> bool:
    """Dockside itself: expiry and policies."""
    return actor.side == Side.NETWORK and actor.person_id is None


@rules.predicate
def is_its_shipper(actor: Actor, appointment: Appointment) -> bool:
    return actor.side == Side.SHIPPER and actor.shipper_id == appointment.shipper_id


@rules.predicate
def is_its_receiving_manager(actor: Actor, subject: Appointment | Site) -> bool:
    recipient_id = _recipient_of(subject)
    return recipient_id is not None and actor.has_role_at(recipient_id, Role.RECEIVING_MANAGER)


@rules.predicate
def is_its_dock_operator(actor: Actor, subject: Appointment | Site) -> bool:
    recipient_id = _recipient_of(subject)
    return recipient_id is not None and actor.has_role_at(recipient_id, Role.DOCK_OPERATOR)


@rules.predicate
def is_its_recipient(actor: Actor, subject: Appointment | Site) -> bool:
    return actor.side == Side.RECIPIENT and _recipient_of(subject) in actor.recipient_ids


@rules.predicate
def is_its_driver(actor: Actor, appointment: Appointment) -> bool:
    """Which delivery a driver's link is good for is checked where links are."""
    return actor.is_driver and actor.shipper_id == appointment.shipper_id


@rules.predicate
def must_answer(actor: Actor, appointment: Appointment) -> bool:
    return appointment.must_act == actor.side


@rules.predicate
def sets_policy(actor: Actor, policy: AnswerPolicy) -> bool:
    """A recipient's policy at a site is its receiving manager's, a shipper's own its planner's."""
    if policy.side == Side.RECIPIENT:
        return bool(is_its_receiving_manager(actor, policy.site))
    return bool(is_planner(actor)) and actor.shipper_id == policy.shipper_id


@rules.predicate
def waits(actor: Actor, entry: WaitingEntry) -> bool:
    """Whoever plans for the shipper has its deliveries wait."""
    return bool(is_planner(actor)) and actor.shipper_id == entry.shipper_id


@rules.predicate
def negotiates_series(actor: Actor, series: StandingAppointment) -> bool:
    """The shipper's planners, and the receiving managers of the recipient that the site belongs to."""
    if actor.side == Side.SHIPPER:
        return bool(is_planner(actor)) and actor.shipper_id == series.shipper_id
    return bool(is_its_receiving_manager(actor, series.site))


negotiates = (is_its_shipper & is_planner) | is_its_receiving_manager

rules.add_rule("appointments.offer", negotiates)
rules.add_rule("appointments.answer", must_answer & negotiates)
rules.add_rule("appointments.cancel", negotiates | is_dockside)
rules.add_rule(
    "appointments.operate", is_its_receiving_manager | is_its_dock_operator | is_its_driver | is_dockside
)
rules.add_rule("appointments.move", is_its_receiving_manager | is_its_dock_operator)
rules.add_rule("appointments.block", is_its_receiving_manager | is_its_dock_operator)
rules.add_rule("appointments.view", is_its_shipper | is_its_recipient | is_operator | is_dockside)
rules.add_rule("appointments.set_policy", sets_policy)
rules.add_rule("appointments.wait", waits)
rules.add_rule("appointments.standing", negotiates_series)
rules.add_rule("appointments.set_terms", is_its_receiving_manager)
