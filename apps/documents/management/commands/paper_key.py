"""Entrust a recipient's signing key to this network, so that proofs of delivery carry both signatures."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.documents import signing_keys
from apps.facilities.models import Recipient


class Command(BaseCommand):
    help = "Keep a recipient's key (PEM: private key and certificate, RSA of 3072 bits or more), or make one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("recipient", help="the recipient's name")
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument("--pem", type=Path, help="the file that holds it")
        given.add_argument(
            "--new", action="store_true", help="make a key with a certificate of its own making"
        )

    def handle(self, *args: Any, recipient: str, pem: Path | None, new: bool, **options: Any) -> None:
        found = Recipient.objects.filter(name=recipient).first()
        if found is None:
            raise CommandError(f"There is no recipient of the name “{recipient}”.")
        path = signing_keys.recipient_path(found)
        if path.exists():
            raise CommandError(f"{recipient} has a key already; take {path} away to give another.")
        try:
            signing_keys.entrust(
                found, pem.read_bytes() if pem else signing_keys.new_pem(found.name, now=timezone.now())
            )
        except (OSError, DomainError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{path}\n")
