"""doctor: try what must be impossible and look for what must be there; not zero when something is wrong."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.custody.doctor import examine


class Command(BaseCommand):
    help = (
        "Examine this installation: rights, triggers, extensions, libraries, broker, clock. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object per finding")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in examine(now=timezone.now()):
            findings.append(finding)
            line = f"{'ok  ' if finding.sound else 'FAIL'}  {finding.check}: {finding.detail}"
            self.stdout.write(json.dumps(asdict(finding)) if options["json"] else line)
        if not all(finding.sound for finding in findings):
            raise SystemExit(1)
