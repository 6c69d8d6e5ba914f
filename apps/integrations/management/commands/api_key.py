"""api_key: issue or revoke a key with which another system speaks to a shipper's EPCIS interface."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.actors import actor_at_shipper
from apps.accounts.models import Person
from apps.core.errors import DomainError
from apps.integrations.models import Scope
from apps.integrations.services import issue_key, revoke_key
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


class Command(BaseCommand):
    help = "Issue a key for another system, or revoke one, on behalf of a shipper's administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shipper", help="its short name, as in its address")
        parser.add_argument("--by", required=True, help="e-mail address of the administrator who wants it")
        parser.add_argument("--name", help="whose system it is; stands on record")
        parser.add_argument("--scope", action="append", choices=Scope.values, default=[])
        parser.add_argument("--revoke", type=UUID, help="the id of a key to revoke instead")

    def handle(self, *args: Any, **options: Any) -> None:
        shipper = Shipper.objects.filter(slug=options["shipper"], state=Shipper.State.ACTIVE).first()
        person = Person.objects.filter(email__iexact=options["by"], is_active=True).first()
        actor = actor_at_shipper(person, shipper.pk) if shipper and person else None
        if shipper is None or actor is None:
            raise CommandError("There is no such active shipper, or that person is none of its members.")
        now = timezone.now()
        try:
            with doorway.enter_shipper(shipper):
                if options["revoke"]:
                    revoke_key(actor=actor, key_id=options["revoke"], now=now)
                    self.stdout.write("revoked")
                    return
                key, token = issue_key(
                    actor=actor, name=options["name"] or "", scopes=options["scope"], now=now
                )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{key.pk} is good for {', '.join(key.scopes)} until {key.expires_at:%Y-%m-%d}. Its token is\n"
            f"shown this once:\n{token}"
        )
