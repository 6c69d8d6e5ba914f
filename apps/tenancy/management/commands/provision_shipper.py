"""provision_shipper SLUG: set a shipper up, or finish what an interrupted run left."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.tenancy.models import Shipper
from apps.tenancy.services import ProvisioningError, provision_shipper


class Command(BaseCommand):
    help = "Set a shipper up: row, address, database role, schema. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name; becomes its address")
        parser.add_argument("--name", default="", help="the company's name (kept when the shipper exists)")
        parser.add_argument("--gs1-company-prefix", default="")
        parser.add_argument("--country", default="ZA")

    def handle(self, *args: Any, **options: Any) -> None:
        known = Shipper.objects.filter(slug=options["slug"]).first()
        name = options["name"] or (known.name if known else "")
        if not name:
            raise CommandError("A new shipper needs --name.")
        try:
            shipper = provision_shipper(
                slug=options["slug"],
                name=name,
                gs1_company_prefix=options["gs1_company_prefix"],
                country=options["country"],
            )
        except ProvisioningError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{shipper.name} is ready at {shipper.slug} (schema {shipper.schema_name})")
