"""The demo's last act: an auditor exports each shipper's record, checks it offline, and keeps the papers."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from django.utils import timezone

from apps.accounts.actors import Actor, actor_at_shipper
from apps.accounts.models import Person
from apps.core.models import Job
from apps.custody import selectors as custody
from apps.custody.services import ExportScope, open_export, request_export
from apps.deliveries.selectors import deliveries_on
from apps.documents import store
from apps.documents.selectors import latest_issue
from apps.facilities.models import DocumentType
from apps.portal.demo.booking import Story
from apps.portal.demo.calendar import DemoCalendar
from apps.portal.demo.network import SHIPPERS, ShipperFacts
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


class NotProven(Exception):
    """The verifier did not pass a bundle of the demo; its words say why."""


def collect(calendar: DemoCalendar, story: Story, folder: Path, wait_for_work: Callable[[], None]) -> None:
    """Put delivery notes, bundles and keys into ``folder`` and verify each bundle with its own verify.py.

    Raises:
        NotProven: a bundle does not verify.
    """
    jobs = {facts.slug: _request(facts) for facts in SHIPPERS}
    wait_for_work()
    notes = 0
    for facts in SHIPPERS:
        notes += _keep_papers(facts, calendar, folder)
        bundle, key = _keep_bundle(facts, jobs[facts.slug], folder)
        story.tell(f"{bundle.name}, checked offline with {key.name}", _verify(bundle, key))
    story.tell("Delivery notes (PDF)", f"{notes} in {os.path.relpath(folder)}")


def _auditor(facts: ShipperFacts, shipper: Shipper) -> Actor:
    auditor = actor_at_shipper(Person.objects.get(email=f"auditor@{facts.slug}.example"), shipper.pk)
    assert auditor is not None
    return auditor


def _request(facts: ShipperFacts) -> Job:
    shipper = Shipper.objects.get(slug=facts.slug)
    auditor = _auditor(facts, shipper)
    with doorway.enter_shipper(shipper):
        return request_export(actor=auditor, scope=ExportScope(), now=timezone.now())


def _keep_papers(facts: ShipperFacts, calendar: DemoCalendar, folder: Path) -> int:
    kept = 0
    with doorway.enter_shipper(Shipper.objects.get(slug=facts.slug)):
        for delivery in deliveries_on(calendar.played):
            document = latest_issue(delivery.pk, DocumentType.DELIVERY_NOTE)
            if document is not None:
                (folder / f"{facts.slug}-{document.file_name}").write_bytes(store.read(document.path))
                kept += 1
    return kept


def _keep_bundle(facts: ShipperFacts, job: Job, folder: Path) -> tuple[Path, Path]:
    shipper = Shipper.objects.get(slug=facts.slug)
    auditor = _auditor(facts, shipper)
    bundle, key = folder / f"custody-{facts.slug}.zip", folder / f"{facts.slug}.vkey"
    with doorway.enter_shipper(shipper):
        job.refresh_from_db()
        if job.state != Job.State.DONE:
            raise NotProven(f"The export of {facts.name} is {job.get_state_display().lower()}: {job.message}")
        with open_export(actor=auditor, job_id=job.pk) as source, bundle.open("wb") as target:
            shutil.copyfileobj(source, target)
        key.write_text(f"{custody.verifier_key()}\n")
    return bundle, key


def _verify(bundle: Path, key: Path) -> str:
    """Run the verifier that lies in the bundle, as an auditor would: by itself, without Dockside."""
    verifier = bundle.with_name("verify.py")
    with zipfile.ZipFile(bundle) as archive:
        verifier.write_bytes(archive.read("verify.py"))
    answer = subprocess.run(  # noqa: S603 our own verifier on our own bundle
        [sys.executable, "-I", str(verifier), str(bundle), "--key", str(key)], capture_output=True, text=True
    )
    if answer.returncode != 0:
        raise NotProven(f"{bundle.name} does not verify:\n{answer.stdout}{answer.stderr}")
    proven = (line.strip(" -") for line in answer.stdout.splitlines() if "events that are in the log" in line)
    return f"PASS: {next(proven, 'nothing to prove')}"
