"""An auditor's way in a browser: scope, preview, export, download, both verifiers, a flipped byte."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from apps.appointments.models import Appointment
from apps.custody import verify
from apps.custody.services.handing import head_covering
from apps.facilities.models import Recipient
from apps.receipts.services import keep
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit

VERIFY_PY, VERIFY_HTML = (Path(verify.__file__).with_name(f"verify.{kind}") for kind in ("py", "html"))


def test_an_auditor_exports_checks_with_both_verifiers_and_finds_a_flipped_byte(
    browser: Browser, visit: Visit, asked: Appointment, work: Callable[[], None], tmp_path: Path
) -> None:
    work()
    arthur = visit("arthur@acme.example", "acme", accept_downloads=True)
    key = _ask_for_a_bundle(arthur, asked.reference)
    work()
    bundle = _download(arthur, tmp_path)
    flipped = _flipped(bundle)

    assert (_python(bundle, key), _python(flipped, key)) == (0, 1)
    _check_offline(browser, key, {bundle: "PASS", flipped: "FAIL"})
    arthur.goto("/custody/accesses/")
    expect(arthur.get_by_text("Record exported")).to_be_visible()


def test_a_recipients_auditor_checks_a_bundle_with_the_checkpoint_that_the_hub_held_for_it(
    browser: Browser,
    visit: Visit,
    asked: Appointment,
    work: Callable[[], None],
    acme: Shipper,
    northern: Recipient,
    now: datetime,
    tmp_path: Path,
) -> None:
    work()
    with doorway.enter_shipper(acme):
        head = head_covering(delivery_id=asked.delivery_id, now=now)
    with doorway.network():
        keep(recipient_id=northern.pk, shipper_id=acme.pk, head=head, paper="POD-1", now=now)
    nadia = visit("nadia@northern.example", accept_downloads=True)
    nadia.goto("/custody/exports/")
    key = nadia.locator(".hash--whole", has_text="localhost/acme+").inner_text()
    with nadia.expect_download() as download:
        nadia.get_by_role("link", name="Oldest checkpoint held of Acme Medical").click()
    kept = tmp_path / "held.note"
    download.value.save_as(kept)
    nadia.get_by_role("button", name="See what it would hold").click()
    nadia.get_by_role("button", name="Make the bundles").click()
    work()
    bundle = _download(nadia, tmp_path)
    flipped = _flipped(bundle)

    assert [_python(each, key, "--checkpoint", str(kept)) for each in (bundle, flipped)] == [0, 1]
    _check_offline(browser, key, {bundle: "PASS", flipped: "FAIL"}, kept=kept)


def _check_offline(
    browser: Browser, key: str, verdicts: dict[Path, str], *, kept: Path | None = None
) -> None:
    """What the page from disk says of bundles, without a network."""
    offline = browser.new_context(offline=True).new_page()
    offline.goto(VERIFY_HTML.as_uri())
    offline.get_by_label("Verification key of the log").fill(key)
    if kept:
        offline.get_by_label("A checkpoint that you kept").set_input_files(kept)
    for file, verdict in verdicts.items():
        offline.get_by_label("Bundle", exact=True).set_input_files(file)
        offline.get_by_role("button", name="Check", exact=True).click()
        expect(offline.get_by_role("heading", name=verdict, exact=True)).to_be_visible()
    offline.context.close()


def _ask_for_a_bundle(page: Page, number: str) -> str:
    """Find the delivery, choose it as the scope, look at the preview, have the bundle made; the log's key."""
    page.goto("/custody/")
    page.get_by_role("searchbox", name="Search").fill(number)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=number).click()
    page.get_by_role("link", name="Export a bundle").click()
    expect(page.get_by_role("heading", name="2 · Preview")).to_be_visible()
    expect(page.get_by_text("names of people")).to_be_visible()
    key = page.locator(".hash--whole", has_text="localhost/acme+").inner_text()
    page.get_by_role("button", name="Make the bundle").click()
    expect(page.get_by_text("It starts as soon as a worker is free.")).to_be_visible()
    return key


def _download(page: Page, folder: Path) -> Path:
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    bundle = folder / "bundle.zip"
    download.value.save_as(bundle)
    return bundle


def _flipped(bundle: Path) -> Path:
    """The bundle with one bit of an event's bytes changed."""
    data = bytearray(bundle.read_bytes())
    data[data.index(b'"actor":') + 20] ^= 1
    flipped = bundle.with_name("flipped.zip")
    flipped.write_bytes(data)
    return flipped


def _python(bundle: Path, key: str, *options: str) -> int:
    """The exit code of verify.py by itself, as an auditor runs it."""
    command = [sys.executable, "-I", str(VERIFY_PY), str(bundle), "--key", key, *options]
    return subprocess.run(command, capture_output=True, check=False).returncode
