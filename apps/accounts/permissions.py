"""Who may do what, as named predicates: services require them, pages hide what they refuse."""

from typing import Any

import rules

from apps.accounts.actors import Actor, Organisation, Side
from apps.accounts.models import Role
from apps.core.errors import PermissionRefused


def require(actor: Actor | None, permission: str, subject: Any = None) -> None:
    """Refuse unless ``permission`` holds for ``actor`` on ``subject``.

    Raises:
        PermissionRefused: it does not; the message names what is missing, never what is hidden.
    """
    if not allows(actor, permission, subject):
        raise PermissionRefused("This needs a role that the signed-in person does not have here.")


def allows(actor: Actor | None, permission: str, subject: Any = None) -> bool:
    """Whether ``permission`` holds for ``actor`` on ``subject``."""
    return bool(actor) and bool(rules.test_rule(permission, actor, subject))  # lazily nobody is nobody too


@rules.predicate
def is_operator(actor: Actor, subject: Any = None) -> bool:
    return Role.OPERATOR in actor.roles


@rules.predicate
def is_shipper_admin(actor: Actor, subject: Any = None) -> bool:
    return actor.side == Side.SHIPPER and Role.SHIPPER_ADMIN in actor.roles


@rules.predicate
def is_planner(actor: Actor, subject: Any = None) -> bool:
    """Plans for the shipper; an administrator may do what a planner does."""
    return actor.side == Side.SHIPPER and bool(actor.roles & {Role.PLANNER, Role.SHIPPER_ADMIN})


@rules.predicate
def is_shipper_member(actor: Actor, subject: Any = None) -> bool:
    return actor.side == Side.SHIPPER


@rules.predicate
def is_auditor(actor: Actor, subject: Any = None) -> bool:
    return actor.has_role(Role.AUDITOR)


@rules.predicate
def administers(actor: Actor, organisation: Organisation) -> bool:
    """Shipper administrator there, or receiving manager there."""
    if organisation.side == Side.SHIPPER:
        return actor.shipper_id == organisation.id and Role.SHIPPER_ADMIN in actor.roles
    if organisation.side == Side.RECIPIENT and organisation.id is not None:
        return actor.has_role_at(organisation.id, Role.RECEIVING_MANAGER)
    return False


rules.add_rule("accounts.provision", is_operator)
rules.add_rule("accounts.invite", is_operator | administers)
