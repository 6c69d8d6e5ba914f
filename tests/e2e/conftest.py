"""A real browser before a live server: finding it, signing people in, watching what goes wrong on the way."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.custody.tasks import sequence
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of
from apps.tenancy import doorway
from apps.tenancy.models import Outbox, Shipper
from tests.factories.cast import PASSWORD
from tests.routing.conftest import RIGID, make_carrier

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Without a sandbox it runs as root too; it finds nothing outside this machine.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
]
PATIENCE = 20_000  # milliseconds, on a slow machine with other work
ZONE = ZoneInfo("Africa/Johannesburg")

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests here; without one they are skipped, in CI they fail."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = f"none of {', '.join(NAMES)} is on PATH. On Debian and Ubuntu: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's own event loop runs in this thread
        expect.set_options(timeout=PATIENCE)
        launched = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield launched
        launched.close()
    connections.close_all()  # those from before Playwright's loop, to a database that was replaced since


@pytest.fixture(autouse=True)
def own_keys_and_store(settings, tmp_path: Path) -> None:
    """Each test signs with keys of its own and keeps papers apart."""
    settings.CUSTODY_KEY_DIR = tmp_path / "keys"
    settings.STORE_DIR = tmp_path / "store"


@pytest.fixture
def now() -> datetime:
    """Pages read the real clock; so do these tests."""
    return datetime.now(tz=ZONE)


@pytest.fixture
def day(now: datetime) -> date:
    """The first working day that every lead time and cut-off leaves whole."""
    first = now.date() + timedelta(days=2)
    return first + timedelta(days=max(0, 7 - first.weekday()) if first.weekday() > 4 else 0)


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, transactional_db: None) -> Iterator[Visit]:
    """``visit("alice@acme.example", "acme")``: her window at the desk, signed in; without a slug the hub.

    Without an e-mail nobody is signed in; options go to the browser's context. A script's error, a broken
    policy, an answer of 500 and a missing static file fail the test at its end.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_window(email: str | None = None, slug: str | None = None, **options: object) -> Page:
        host = f"{slug}.localhost" if slug else "localhost"
        context = browser.new_context(base_url=f"http://{host}:{live_server.thread.port}", **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("console", lambda message: wrong.extend(_said(message)))
        context.on("weberror", lambda error: wrong.append(f"script: {error.error}"))
        context.on("response", lambda response: wrong.extend(_answered(response)))
        page = context.new_page()
        if email:
            sign_in(page, email)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert wrong == []


def sign_in(page: Page, email: str) -> None:
    """Through the form, as a person does."""
    page.goto("/account/login/")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("main h1")).not_to_have_text("Sign in")


@pytest.fixture
def order(day: date, now: datetime, acme: Shipper, globex: Shipper) -> Callable[[Actor], Delivery]:
    """``order(alice)``: a delivery of her shipper's, three pallets to Northern on ``day``, not yet booked."""
    shippers = {shipper.pk: shipper for shipper in (acme, globex)}
    numbers = count(1)

    def make(planner: Actor) -> Delivery:
        head = "consignment,order,site,date,article,quantity,weight_kg,pallets"
        row = f"C-{next(numbers)},PO-1,NH1,{day},Zidovudine 300 mg,40,300,3"
        assert planner.shipper_id is not None
        with doorway.enter_shipper(shippers[planner.shipper_id]):
            services.import_orders(
                actor=planner, file_name="orders.csv", content=f"{head}\n{row}".encode(), now=now
            )
            return services.group_consignments(actor=planner, now=now)[0]

    return make


@pytest.fixture
def ask(alice: Actor, acme: Shipper, day: date, now: datetime) -> Callable[[Delivery], Appointment]:
    """``ask(delivery)``: Acme asks for the first and the last time of the day; Northern answers next."""

    def make(delivery: Delivery) -> Appointment:
        with doorway.enter_shipper(acme):
            found = find_slots(site=delivery.site, load=load_of(delivery), first_day=day, days=1, now=now)
            return services.ask_for_slots(
                actor=alice,
                delivery=delivery,
                slots=[found.slots[0], found.slots[-1]],
                message="The early truck.",
                now=now,
            )

    return make


@pytest.fixture
def asked(
    order: Callable[[Actor], Delivery], ask: Callable[[Delivery], Appointment], alice: Actor
) -> Appointment:
    """An offer of Acme's that waits in Northern's inbox."""
    return ask(order(alice))


@pytest.fixture
def fleet(acme: Shipper, monkeypatch: pytest.MonkeyPatch) -> None:
    """One truck at Acme; days of a few stops need no long search."""
    monkeypatch.setattr("apps.routing.problems.ITERATIONS", 60)
    with doorway.enter_shipper(acme):
        make_carrier("Swift", RIGID, drivers=("D. Driver",))


@pytest.fixture
def work(drain: Callable[[], int]) -> Callable[[], None]:
    """Do here and now what worker and beat do meanwhile: promised work, then signing the custody logs."""

    def do() -> None:
        drain()
        sequence()
        with doorway.network():
            assert list(Outbox.objects.filter(done_at=None).values_list("name", "last_error")) == []

    return do


def _said(message: ConsoleMessage) -> list[str]:
    """Errors of scripts and of the content policy; answers are judged by their status instead."""
    is_answer = message.text.startswith("Failed to load resource")
    return [f"console: {message.text}"] if message.type == "error" and not is_answer else []


def _answered(response: Response) -> list[str]:
    """Failures of the server, static files that are missing, pages without a content policy."""
    headers = response.headers
    is_page = headers.get("content-type", "").startswith("text/html") and response.status == 200
    if is_page and "content-security-policy" not in headers:
        return [f"no content policy: {response.url}"]
    limit = 400 if "/static/" in response.url else 500
    return [f"{response.status}: {response.url}"] if response.status >= limit else []
