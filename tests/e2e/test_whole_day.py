"""One delivery as its people live it: from a file of orders to a bundle that proves itself offline."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit


def test_a_delivery_goes_from_order_to_verified_bundle(
    visit: Visit, work: Callable[[], None], fleet: None, day: date, tmp_path: Path
):
    alice = visit("alice@acme.example", "acme")
    rita = visit("rita@northern.example")
    otto = visit("otto@northern.example")
    arthur = visit("arthur@acme.example", "acme")

    import_orders(alice, day)
    number = group(alice)
    offer(alice, "09:00")
    counter(rita, "11:00")
    confirmation = accept(alice, "11:00")
    expect(rita.get_by_role("heading", name="Agreed slot")).to_have_count(0)
    rita.reload()
    expect(rita.get_by_role("region", name="Agreed slot")).to_contain_text(confirmation)

    work()
    assert delivery_note(alice).startswith(b"%PDF-")
    plan_and_publish(alice, day, work)
    work()
    send_off(alice, number)
    receive_one_short(otto, day, confirmation)
    work()

    verify_on_record(arthur, number)
    bundle, key = export(arthur, work, tmp_path)
    assert verify(bundle, key) == 0
    assert verify(with_one_bit_changed(bundle), key) == 1


def import_orders(alice: Page, day: date) -> None:
    """A file with two good consignments and a row for a site that nobody knows."""
    rows = [
        "consignment,order,site,date,line,article,quantity,unit,batch,weight_kg,pallets",
        f"C-1,PO-1,NH1,{day},1,Zidovudine 300 mg,40,pack,B-7,300,2",
        f"C-2,PO-2,NH1,{day},1,Nevirapine 200 mg,10,pack,,80,1",
        f"C-3,PO-3,NOWHERE,{day},1,Lamivudine 150 mg,10,pack,,80,1",
    ]
    alice.get_by_role("link", name="Import orders").first.click()
    file = {"name": "orders.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    alice.get_by_label("Orders as CSV").set_input_files(file)
    alice.get_by_role("button", name="Import the file").click()
    refused = alice.get_by_role("table", name="Refused rows").locator("tbody tr")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text("NOWHERE")


def group(alice: Page) -> str:
    """Group what came in; the delivery's page is open then. Returns its number."""
    alice.goto("/")
    alice.get_by_role("button", name="Group 2 consignments").click()
    link = alice.get_by_role("table").locator("tbody tr").get_by_role("link")
    number = link.inner_text()
    link.click()
    return number


def offer(alice: Page, clock: str) -> None:
    """Ask for one time on the delivery's day."""
    alice.get_by_role("link", name="Offer slots").click()
    choose(alice, clock)
    alice.get_by_label("Message").fill("The early truck.")
    alice.get_by_role("button", name="Offer 1 slot").click()
    expect(alice.get_by_text("Northern Hospital stores answers")).to_be_visible()


def counter(rita: Page, clock: str) -> None:
    """Find the request in the inbox and propose another time."""
    rita.goto("/")
    request = rita.get_by_role("region", name="Waits for your answer").get_by_role("listitem")
    expect(request).to_contain_text("Acme Medical")
    request.get_by_role("link", name="Look").click()
    expect(rita.get_by_role("main")).to_contain_text("The early truck.")
    rita.get_by_role("link", name="Propose other times").click()
    choose(rita, clock)
    rita.get_by_role("link", name="Review the offer of 1 slot").click()
    rita.get_by_label("Message").fill("Stocktaking until ten.")
    rita.get_by_role("button", name="Offer 1 slot").click()
    expect(rita.get_by_role("heading", name="Counter-offer of Northern Hospital")).to_be_visible()


def choose(page: Page, clock: str) -> None:
    """Take the first dock's start at that time."""
    page.get_by_role("group", name="Times").get_by_role("button", name=re.compile(f"^{clock}")).first.click()
    expect(page.get_by_role("heading", name="1 slot chosen")).to_be_visible()


def accept(alice: Page, clock: str) -> str:
    """Accept the counter-offer from the list of offers; returns the confirmation number."""
    alice.get_by_role("link", name="Offers").click()
    alice.get_by_role("region", name="Acme Medical answers").get_by_role("link", name="Compare").click()
    expect(alice.get_by_role("main")).to_contain_text("Stocktaking until ten.")
    alice.get_by_role("button", name=f"Accept {clock}").click()
    agreed = alice.get_by_role("region", name="The agreed slot")
    return agreed.locator("dd.mono").inner_text()


def delivery_note(alice: Page) -> bytes:
    alice.reload()
    with alice.expect_download() as started:
        alice.get_by_role("link", name="Download Delivery note").click()
    return started.value.path().read_bytes()


def plan_and_publish(alice: Page, day: date, work: Callable[[], None]) -> None:
    """Have the day planned while the page waits, and publish what comes back."""
    alice.get_by_role("navigation", name="Desk").get_by_role("link", name="Plan").click()
    alice.get_by_label("Day").fill(day.isoformat())
    alice.get_by_role("button", name="Show").click()
    alice.get_by_role("button", name="Plan this day").click()
    expect(alice.get_by_text("Planning the day")).to_be_visible()
    work()
    alice.get_by_role("button", name="Publish version 1").click()
    expect(alice.get_by_text("Version 1 is published.")).to_be_visible()


def send_off(alice: Page, number: str) -> None:
    """Open the delivery from its route; record loading and departure."""
    alice.get_by_role("link", name=number).first.click()
    alice.get_by_role("link", name="Record loading").click()
    alice.get_by_label("Seals").fill("S-77")
    alice.get_by_role("button", name="Record loading").click()
    alice.get_by_role("link", name="Record departure").click()
    alice.get_by_role("button", name="Record departure").click()
    expect(alice.get_by_text("Departure is on record.")).to_be_visible()


def receive_one_short(otto: Page, day: date, confirmation: str) -> None:
    """Check the vehicle in at the gate, unload, and state that one handling unit is missing."""
    otto.get_by_role("link", name="Northern Hospital stores").first.click()
    otto.get_by_role("textbox", name="Day").fill(day.isoformat())
    otto.get_by_role("button", name="Show").click()
    expected = otto.get_by_role("row").filter(has_text=confirmation)
    expected.get_by_role("link").first.click()
    otto.get_by_role("button", name="Check the vehicle in").click()
    otto.get_by_role("button", name="Start unloading").click()
    otto.get_by_role("link", name="Hand over").click()
    otto.get_by_label("Driver who releases the goods").fill("D. Driver")
    otto.get_by_label("Finding on").first.select_option("Short: not there")
    otto.get_by_label("Note on").first.fill("Not on the truck.")
    otto.get_by_role("button", name="Review the numbers").click()
    otto.get_by_role("button", name="Sign and record the handover").click()
    expect(otto.get_by_role("region", name="Handover")).to_contain_text("2 of 3 received")


def verify_on_record(arthur: Page, number: str) -> None:
    """Read the delivery's custody record and have it checked."""
    arthur.reload()
    arthur.get_by_role("link", name=number).click()
    expect(arthur.get_by_role("main")).to_contain_text("Handed over with reservation")
    arthur.get_by_role("button", name="Verify chain").click()
    expect(arthur.get_by_text("The chain verifies")).to_be_visible()


def export(arthur: Page, work: Callable[[], None], folder: Path) -> tuple[Path, Path]:
    """Take the delivery's bundle and the verification key away."""
    arthur.get_by_role("link", name="Export a bundle").click()
    arthur.get_by_role("button", name="Make the bundle").click()
    expect(arthur.locator(".job")).to_be_visible()
    work()
    bundle, key = folder / "bundle.zip", folder / "acme.vkey"
    with arthur.expect_download() as started:
        arthur.get_by_role("link", name="Download the bundle").click()
    started.value.save_as(bundle)
    with arthur.expect_download() as started:
        arthur.get_by_role("link", name="Verification key").click()
    started.value.save_as(key)
    return bundle, key


def verify(bundle: Path, key: Path) -> int:
    """Run the bundle's own verifier as an auditor would, without Dockside."""
    verifier = bundle.with_name("verify.py")
    with zipfile.ZipFile(bundle) as archive:
        verifier.write_bytes(archive.read("verify.py"))
    command = [sys.executable, "-I", str(verifier), str(bundle), "--key", str(key)]
    return subprocess.run(command, capture_output=True).returncode


def with_one_bit_changed(bundle: Path) -> Path:
    """A copy of the bundle with one bit of its first event flipped."""
    content = bytearray(bundle.read_bytes())
    with zipfile.ZipFile(bundle) as archive:
        first_event = archive.getinfo("events.jsonl").header_offset + 100
    content[first_event] ^= 1
    changed = bundle.with_name("changed.zip")
    changed.write_bytes(content)
    return changed
