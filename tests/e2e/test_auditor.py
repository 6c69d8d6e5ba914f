"""An auditor's way in a browser: scope, preview, export, download, both verifiers, a flipped byte."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from apps.appointments.models import Appointment
from apps.custody import verify
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
    offline = browser.new_context(offline=True).new_page()
    offline.goto(VERIFY_HTML.as_uri())
    offline.get_by_label("Verification key of the log").fill(key)
    for file, verdict in ((bundle, "PASS"), (flipped, "FAIL")):
        offline.get_by_label("Bundle", exact=True).set_input_files(file)
        offline.get_by_role("button", name="Check", exact=True).click()
        expect(offline.get_by_role("heading", name=verdict, exact=True)).to_be_visible()
    offline.context.close()
    arthur.goto("/custody/accesses/")
    expect(arthur.get_by_text("Record exported")).to_be_visible()


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


def _python(bundle: Path, key: str) -> int:
    """The exit code of verify.py by itself, as an auditor runs it."""
    command = [sys.executable, "-I", str(VERIFY_PY), str(bundle), "--key", key]
    return subprocess.run(command, capture_output=True, check=False).returncode
