"""Setting up a shipper: row, address, role, schema. Safe to repeat after a crash at any point."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

from apps.core.errors import DomainError
from apps.tenancy import privileges
from apps.tenancy.models import SCHEMA_PREFIX, Domain, Shipper
from apps.tenancy.outbox import enqueue

PROVISIONING_LOCK = 0x0D0C_0001  # creating a schema's foreign keys locks network tables: one at a time
RESERVED_SLUGS = frozenset({"www", "api", "admin", "hub", "mail", "static", "public", "network", "localhost"})


class ProvisioningError(DomainError):
    """The shipper can't be set up as asked."""

    code = "provisioning"


@transaction.atomic
def request_shipper(*, slug: str, name: str, gs1_company_prefix: str = "", country: str = "ZA") -> Shipper:
    """Record that a shipper shall exist and have the worker set it up; asking again changes nothing.

    Raises:
        ProvisioningError: the short name is reserved, malformed, or taken by another company.
    """
    shipper = _shipper_row(slug, name, gs1_company_prefix, country)
    if shipper.state == Shipper.State.REQUESTED:
        enqueue("tenancy.provision_shipper", slug=slug)
    return shipper


def provision_shipper(*, slug: str, name: str, gs1_company_prefix: str = "", country: str = "ZA") -> Shipper:
    """Set one shipper up completely, or finish what an interrupted run left. Acts as the owner.

    Raises:
        ProvisioningError: the short name is reserved, malformed, or taken by another company; or this
            process does not act as the database's owner.
    """
    if not settings.ACT_AS_OWNER:
        raise ProvisioningError(
            "Setting up a shipper takes the database owner: run manage.py provision_shipper."
        )
    with _one_at_a_time():
        shipper = _shipper_row(slug, name, gs1_company_prefix, country)
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(shipper.schema_name))
            )
        call_command("migrate_schemas", schema_name=shipper.schema_name, interactive=False, verbosity=0)
        privileges.grant_schema(shipper.schema_name)
        Shipper.objects.filter(pk=shipper.pk).update(state=Shipper.State.ACTIVE)
        shipper.state = Shipper.State.ACTIVE
    return shipper


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the provisioning lock on a session of its own: migrating closes the usual one."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [PROVISIONING_LOCK])
        yield


def _shipper_row(slug: str, name: str, gs1_company_prefix: str, country: str) -> Shipper:
    if slug in RESERVED_SLUGS:
        raise ProvisioningError(f"“{slug}” is reserved; choose another short name.")
    existing = Shipper.objects.filter(slug=slug).first()
    if existing and existing.name != name:
        raise ProvisioningError(f"“{slug}” is the short name of {existing.name}; choose another.")
    shipper = existing or Shipper(
        slug=slug,
        name=name,
        schema_name=SCHEMA_PREFIX + slug.replace("-", "_"),
        gs1_company_prefix=gs1_company_prefix,
        country=country,
    )
    if not existing:
        try:
            shipper.full_clean()
        except ValidationError as error:
            raise ProvisioningError("; ".join(error.messages)) from error
        shipper.save()
    Domain.objects.get_or_create(
        domain=f"{slug}.{settings.NETWORK_HOST}", defaults={"tenant": shipper, "is_primary": True}
    )
    return shipper
