"""Who is told: a value that travels with the promise to tell them, and whom it means when that is kept."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from apps.accounts.models import Membership, Role
from apps.notices.kinds import QUIET, Kind
from apps.notices.models import Preference

PLANNERS = (Role.PLANNER, Role.SHIPPER_ADMIN)
MANAGERS = (Role.RECEIVING_MANAGER,)


@dataclass(frozen=True)
class Audience:
    """Members of one organisation in some roles, or some of them by name, and a mailbox beside them.

    Where an organisation has a ``mailbox`` its mail goes there, and to a person only who asked for it.
    Build it with the functions below.
    """

    shipper_id: str = ""
    recipient_id: str = ""
    roles: tuple[str, ...] = ()
    person_ids: tuple[str, ...] = ()
    mailbox: str = ""

    def payload(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_payload(cls, values: dict[str, Any]) -> "Audience":
        """What ``payload`` wrote."""
        return cls(**values | {name: tuple(values[name]) for name in ("roles", "person_ids")})


def shipper_people(shipper_id: UUID, *roles: Role) -> Audience:
    """A shipper's planners and administrators, or its members in ``roles``."""
    return Audience(shipper_id=str(shipper_id), roles=tuple(roles or PLANNERS))


def recipient_people(recipient_id: UUID, *roles: Role, mailbox: str = "") -> Audience:
    """A recipient's receiving managers, or its members in ``roles``; mail goes to ``mailbox`` if given."""
    return Audience(recipient_id=str(recipient_id), roles=tuple(roles or MANAGERS), mailbox=mailbox)


def one_person(
    person_id: UUID, *, shipper_id: UUID | None = None, recipient_id: UUID | None = None
) -> Audience:
    """One member of an organisation, at its desk or at the hub."""
    return Audience(
        shipper_id=str(shipper_id or ""), recipient_id=str(recipient_id or ""), person_ids=(str(person_id),)
    )


def outside(address: str, *, shipper_id: UUID | None = None) -> Audience:
    """Somebody without an account, by mail alone; ``shipper_id`` is on whose behalf."""
    return Audience(shipper_id=str(shipper_id or ""), mailbox=address)


@dataclass(frozen=True)
class Addressee:
    """One of an audience: in the portal, by mail, or both."""

    person_id: UUID | None
    address: str
    in_portal: bool


def addressees(audience: Audience, kind: Kind) -> Iterator[Addressee]:
    """Everybody an audience means now, each once, as they want to be told; asked in the network's role."""
    if audience.mailbox:
        yield Addressee(None, audience.mailbox, in_portal=False)
    members = Membership.objects.filter(person__is_active=True)
    if audience.person_ids:
        members = members.filter(person_id__in=audience.person_ids)
    elif audience.roles:
        members = members.filter(role__in=audience.roles)
    else:
        return
    if audience.shipper_id:
        members = members.filter(shipper_id=audience.shipper_id)
    elif audience.recipient_id:
        members = members.filter(recipient_id=audience.recipient_id)
    else:
        return
    people = dict(members.values_list("person_id", "person__email").order_by("person_id"))
    chosen = {row.person_id: row for row in Preference.objects.filter(person_id__in=people, kind=kind)}
    by_default = kind not in QUIET and not audience.mailbox
    for person_id, email in people.items():
        wish = chosen.get(person_id)
        by_mail = wish.by_mail if wish else by_default
        in_portal = wish.in_portal if wish else True
        if by_mail or in_portal:
            yield Addressee(person_id, email if by_mail else "", in_portal)
