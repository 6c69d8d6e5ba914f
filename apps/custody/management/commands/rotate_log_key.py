"""rotate_log_key: sign a shipper's custody log with a new key from now on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.custody.services import rotate_key
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


class Command(BaseCommand):
    help = "Change the key of a shipper's custody log; run it where the workers' key directory is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shipper", help="its short name, as in its address")

    def handle(self, *args: Any, **options: Any) -> None:
        shipper = Shipper.objects.filter(slug=options["shipper"], state=Shipper.State.ACTIVE).first()
        if shipper is None:
            raise CommandError(f"There is no active shipper {options['shipper']!r}.")
        try:
            with doorway.enter_shipper(shipper):
                key = rotate_key(now=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{shipper.slug} is signed with a new key above {key.since} events. Bundles carry the change,\n"
            f"so whoever has the old key can follow it; give the new one to new auditors:\n{key.vkey}"
        )
