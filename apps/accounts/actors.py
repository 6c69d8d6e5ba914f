"""Who acts: a person in one role for one side, or Dockside itself; what every service takes as ``actor``."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from apps.accounts.models import Membership, Person, Role


class Side(StrEnum):
    """The party somebody acts for."""

    SHIPPER = "shipper"
    RECIPIENT = "recipient"
    NETWORK = "network"

    @property
    def other(self) -> "Side":
        """The party that answers; the network has none and answers itself."""
        return {Side.SHIPPER: Side.RECIPIENT, Side.RECIPIENT: Side.SHIPPER}.get(self, Side.NETWORK)


class Means(StrEnum):
    """How somebody acts: signed in, by a link that was sent to an address, by a policy, by a system's key."""

    PERSON = "person"
    LINK = "link"
    POLICY = "policy"
    KEY = "key"


@dataclass(frozen=True)
class Organisation:
    """A shipper, a recipient, or the network itself (then without an id)."""

    side: Side
    name: str
    id: UUID | None = None

    @property
    def own(self) -> dict[str, UUID | None]:
        """What tells its memberships and invitations from others', to filter by."""
        return {"shipper_id" if self.side == Side.SHIPPER else "recipient_id": self.id}


@dataclass(frozen=True)
class Actor:
    """Somebody who acts, with the roles they hold there.

    For the shipper's side ``shipper_id`` is set and the roles are those in that shipper. For the
    recipient's side ``recipient_roles`` says which roles are held in which recipient.
    """

    side: Side
    person_id: UUID | None = None
    name: str = ""
    email: str = ""
    shipper_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    recipient_roles: tuple[tuple[UUID, Role], ...] = ()
    is_driver: bool = False
    means: Means = Means.PERSON

    @property
    def recipient_ids(self) -> frozenset[UUID]:
        return frozenset(recipient_id for recipient_id, _ in self.recipient_roles)

    def has_role_at(self, recipient_id: UUID, *roles: Role) -> bool:
        """Whether the actor holds one of ``roles`` in that recipient."""
        return any(held_at == recipient_id and role in roles for held_at, role in self.recipient_roles)

    def at_recipient(self, recipient_id: UUID | None) -> "Actor | None":
        """The actor with the roles held in this recipient alone, so that a record names it; None without."""
        held = tuple(role for role in self.recipient_roles if role[0] == recipient_id)
        return replace(self, recipient_roles=held) if held else None

    def has_role(self, *roles: Role) -> bool:
        """Whether the actor holds one of ``roles`` on the side it acts for."""
        return bool(self.roles & set(roles)) or any(role in roles for _, role in self.recipient_roles)


#: Dockside acting by itself: expiry, policies, planning.
SYSTEM = Actor(side=Side.NETWORK, name="Dockside")


def with_memberships(people: QuerySet[Person]) -> QuerySet[Person]:
    """People with what they are members of, as far as the reader's schema may see it, in one statement."""
    held = Membership.objects.filter(person=OuterRef("pk")).order_by("id")
    row = JSONObject(role="role", shipper_id="shipper_id", recipient_id="recipient_id")
    return people.annotate(held=ArraySubquery(held.values(row=row)))


def actor_at_shipper(person: Person, shipper_id: UUID) -> Actor | None:
    """The person as a member of that shipper; None when they are not one."""
    roles = frozenset(held.role for held in _held(person) if held.shipper_id == shipper_id)
    if not roles:
        return None
    return Actor(Side.SHIPPER, person.pk, person.name, person.email, shipper_id=shipper_id, roles=roles)


def actor_in_network(person: Person) -> Actor | None:
    """The person at the hub: for their recipients, or for the network; None when they have no part in it."""
    memberships = [held for held in _held(person) if held.shipper_id is None]
    if not memberships:
        return None
    at_recipients = tuple((held.recipient_id, held.role) for held in memberships if held.recipient_id)
    network_roles = frozenset(held.role for held in memberships if not held.recipient_id)
    side = Side.RECIPIENT if at_recipients else Side.NETWORK
    return Actor(
        side, person.pk, person.name, person.email, roles=network_roles, recipient_roles=at_recipients
    )


@dataclass(frozen=True)
class _Held:
    role: Role
    shipper_id: UUID | None
    recipient_id: UUID | None


def _held(person: Person) -> list[_Held]:
    """What the person is a member of, in the order in which that came about."""
    known = getattr(person, "held", None)
    if known is None:
        rows = Membership.objects.filter(person=person).order_by("id")
        known = list(rows.values("role", "shipper_id", "recipient_id"))
    return [_Held(Role(row["role"]), _uuid(row["shipper_id"]), _uuid(row["recipient_id"])) for row in known]


def _uuid(value: UUID | str | None) -> UUID | None:
    return UUID(str(value)) if value else None


def actor_by_link(organisation: Organisation, address: str) -> Actor:
    """Whoever holds a link that was sent to ``address`` for an organisation: may answer there, nothing else.

    What exactly the link is good for is checked where links are.
    """
    return _standing_for(organisation, Means.LINK, name=address, email=address)


def actor_by_policy(organisation: Organisation) -> Actor:
    """Dockside answering for an organisation as it said beforehand."""
    return _standing_for(organisation, Means.POLICY, name=organisation.name)


def _standing_for(organisation: Organisation, means: Means, *, name: str, email: str = "") -> Actor:
    actor = Actor(organisation.side, None, name, email, means=means)
    if organisation.side == Side.SHIPPER:
        return replace(actor, shipper_id=organisation.id, roles=frozenset({Role.PLANNER}))
    assert organisation.id is not None
    return replace(actor, recipient_roles=((organisation.id, Role.RECEIVING_MANAGER),))
