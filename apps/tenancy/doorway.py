"""The only way into a shipper's schema, and back out of it.

Everything that works for one shipper enters here: requests by host, outbox work by its row, the hub
for one delivery. Nothing else may set the connection's schema; ``tests/tenancy`` keeps watch.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django_tenants.utils import get_public_schema_name

from apps.tenancy.connection import connection
from apps.tenancy.models import Shipper


class UnknownShipper(LookupError):
    """No active shipper has that schema: the work must not run anywhere else instead."""


def shipper_by_schema(schema_name: str) -> Shipper:
    """The active shipper of that schema, looked up in the network.

    Raises:
        UnknownShipper: there is none, or it is retired or not yet set up.
    """
    with network():
        shipper = Shipper.objects.filter(schema_name=schema_name, state=Shipper.State.ACTIVE).first()
    if shipper is None:
        raise UnknownShipper(schema_name)
    return shipper


@contextmanager
def enter_shipper(shipper: Shipper) -> Iterator[Shipper]:
    """Work in one shipper's schema and in its role; afterwards the connection is where it was.

    Evaluate querysets before leaving: a lazy one would run in the schema it is evaluated in.

    Raises:
        UnknownShipper: the shipper is not active.
    """
    if shipper.state != Shipper.State.ACTIVE:
        raise UnknownShipper(shipper.schema_name)
    previous = connection.tenant
    connection.set_tenant(shipper)
    try:
        yield shipper
    finally:
        connection.set_tenant(previous)


@contextmanager
def network() -> Iterator[None]:
    """Work in the network schema as the hub; afterwards the connection is where it was."""
    previous = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(previous)


def in_network() -> bool:
    """Whether the connection is in the network schema (the hub's), not in a shipper's."""
    return bool(connection.schema_name == get_public_schema_name())


def current_shipper() -> Shipper:
    """The shipper whose schema the connection is in.

    Raises:
        UnknownShipper: the connection is in the network schema.
    """
    tenant = connection.tenant
    if isinstance(tenant, Shipper):
        return tenant
    if in_network():
        raise UnknownShipper("the network schema belongs to no shipper")
    return shipper_by_schema(connection.schema_name)
