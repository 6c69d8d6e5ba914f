"""rotate_network_key: sign the network's log with a new key from its next day on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.errors import DomainError
from apps.custody.network.rotating import rotate_network_key


class Command(BaseCommand):
    help = "Change the key of the network's log; run it where the workers' key directory is."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = rotate_network_key(now=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"The network's log is signed with a new key above {key.since} leaves. Bundles carry the change\n"
            f"with them: whoever has the old key can follow it. Give the new one to new auditors:\n{key.vkey}"
        )
