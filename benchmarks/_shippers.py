"""Shippers of the benchmarks' database: made once, they stay for the next run."""

import subprocess
import sys

from apps.tenancy.models import Shipper
from config.local import places


def provisioned(slug: str, name: str) -> Shipper:
    """The active shipper ``slug`` with a schema of its own; its first call takes some seconds."""
    if not Shipper.objects.filter(slug=slug, state=Shipper.State.ACTIVE).exists():
        command = [sys.executable, "manage.py", "provision_shipper", slug, "--name", name]
        subprocess.run(command, cwd=places.PROJECT, check=True, capture_output=True)  # noqa: S603 our own command
    return Shipper.objects.get(slug=slug)
