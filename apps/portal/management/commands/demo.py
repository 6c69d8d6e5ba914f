"""demo: play one real day from order to verified custody bundle, print what happened, leave the papers."""

import shutil
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.portal.demo import booking, evidence, road
from apps.portal.demo.booking import Story
from apps.portal.demo.calendar import DemoCalendar
from apps.portal.demo.network import (
    HOSPITALS,
    PASSWORD,
    SHIPPERS,
    build_network,
    manager_email,
    operator_email,
)
from apps.tenancy.models import Outbox, Shipper

PATIENCE = timedelta(minutes=4)


class Command(BaseCommand):
    help = "Play one real day from order to verified custody bundle. Continues what an earlier run left."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        started = time.monotonic()
        self._provision()
        calendar = DemoCalendar.around(now)
        build_network(valid_from=calendar.played.replace(month=1, day=1))
        if used := booking.days_in_use():
            calendar = DemoCalendar(*used)
        story = Story()
        self._say("orders, slots, offers and counter-offers ...")
        booking.bring_orders_in(calendar, story)
        booking.negotiate(calendar, story)
        self._wait_for_work()
        self._say("routes are planned ...")
        road.plan(calendar, story, self._wait_for_work)
        self._say("trucks drive, goods are handed over ...")
        road.drive(calendar, story)
        booking.ask_ahead(calendar, now, story)
        self._wait_for_work()
        road.look_again(timezone.now())
        self._say("custody bundles are exported and verified ...")
        folder = settings.LOCAL_DIR / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        evidence.collect(calendar, story, folder, self._wait_for_work)
        self._table(calendar, story, time.monotonic() - started)

    def _provision(self) -> None:
        for facts in SHIPPERS:
            if Shipper.objects.filter(slug=facts.slug, state=Shipper.State.ACTIVE).exists():
                continue
            self._say(f"setting {facts.name} up ...")
            arguments = [facts.slug, "--name", facts.name, "--gs1-company-prefix", facts.gs1_company_prefix]
            subprocess.run(  # noqa: S603 our own command, as the owner
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "provision_shipper", *arguments],
                check=True,
                stdout=subprocess.DEVNULL,
            )

    def _wait_for_work(self) -> None:
        """Until the worker has done everything that was promised."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while waiting := Outbox.objects.filter(done_at=None).order_by("id").first():
            if waiting.attempts > 2:
                raise CommandError(f"{waiting.name} failed: {waiting.last_error}")
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{waiting.name} is not done after {PATIENCE.seconds} s. Does a worker run?"
                )
            time.sleep(0.2)

    def _say(self, text: str) -> None:
        self.stdout.write(f"demo: {text}")
        self.stdout.flush()

    def _table(self, calendar: DemoCalendar, story: Story, seconds: float) -> None:
        write = self.stdout.write
        write(f"\nWhat happened on {calendar.played:%A, %-d %B %Y} (in {seconds:.0f} s)")
        write("─" * 110)
        for what, how in story.lines:
            left, right = textwrap.wrap(what, 48), textwrap.wrap(how, 60)
            for one, other in zip_longest(left, right, fillvalue=""):
                write(f"{one:<48}  {other}".rstrip())
        write("─" * 110)
        write("Which hospital gets which order is assumed; the orders and the hospitals are real.\n")
        port = f":{settings.PORT}"
        hub = f"http://{settings.NETWORK_HOST}{port}"
        first_code = next(iter(HOSPITALS))
        rows = [
            ("receiving manager", hub, manager_email(first_code)),
            ("dock operator", hub, operator_email(first_code)),
            *(
                (role, f"http://{facts.slug}.{settings.NETWORK_HOST}{port}", f"{name}@{facts.slug}.example")
                for facts in SHIPPERS
                for role, name in (("planner", "planner"), ("administrator", "admin"), ("auditor", "auditor"))
            ),
            ("network operator", hub, "operator@network.example"),
        ]
        write(f"Sign in (password {PASSWORD}):")
        for role, address, email in rows:
            write(f"  {role:<18} {address:<34} {email}")
        others = ", ".join(manager_email(code) for code in list(HOSPITALS)[1:])
        write(f"  other hospitals' receiving managers: {others}\n")
