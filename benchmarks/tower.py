"""The control tower over a long history, beside many shippers: its list, its dashboard, detection, counting,
and batches of positions.

Pages are asked for as a browser does, through every middleware and template, in turn; positions are posted
as telematics do, in full batches through the same way in, one batch after another. A cause is detected at
the latest by the look that begins after it: the time between two looks and what one look takes at every
shipper, the last one's included.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count as numbers
from statistics import median, quantiles
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.middleware import SIGNED_IN_AT
from apps.figures.models import Counting, VisitFacts
from apps.figures.services import count
from apps.figures.summing import sum_days
from apps.insights.models import DeliveryException
from apps.insights.services import watch
from apps.integrations.telematics import MOST_ROWS
from apps.tenancy import doorway
from apps.tenancy.everywhere import active_shippers, at_each_shipper
from benchmarks._history import DAYS, NOW, UNCOUNTED_DAYS, History, fleet, forget_exceptions, history, others
from benchmarks.harness import Promise

ROUNDS = 60
VEHICLES, BATCHES = 500, 20


def run(deliveries: int = 1_000_000, shippers: int = 200) -> Iterable[Promise]:
    """Fill once, count what is not counted, ask for pages, look for what is wrong at every shipper."""
    told = history(deliveries)
    with others(told.shipper, max(0, shippers - len(active_shippers()))):
        with doorway.enter_shipper(told.shipper):
            yield _count()
        yield from _look(told)
        yield from _ask(told)
        yield _report(told)


def _count() -> Promise:
    """How fast the worker counts: the last weeks, which nothing counted yet, facts, causes and sums."""
    first = NOW.date() - timedelta(days=DAYS)
    recent = NOW.date() - timedelta(days=UNCOUNTED_DAYS)
    VisitFacts.objects.filter(day__gte=recent).delete()
    # what was just filled in is no change: it is counted when it is its days' turn
    nothing = {"is_complete": False, "back_to": None, "seen_until": timezone.now() + timedelta(minutes=10)}
    Counting.objects.update_or_create(pk=True, defaults=nothing)
    began = time.perf_counter()
    done = 0
    while not (step := count(now=timezone.now(), seconds=5)).is_complete:
        done += step.deliveries
        back_to = Counting.objects.get().back_to
        if back_to is not None and back_to <= recent:
            break
    taken = time.perf_counter() - began
    if not Counting.objects.get().is_complete:  # the history's facts are there: their sums are made at once
        for start in range(0, DAYS - UNCOUNTED_DAYS, 30):
            sum_days([first + timedelta(days=start + day) for day in range(30) if start + day < DAYS])
        Counting.objects.update(is_complete=True, back_to=None, seen_until=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE figures_visitfacts, figures_dayfigures, deliveries_delivery")
    print(f"  {done:,} deliveries counted in {taken:.1f} s")
    return Promise("tower-counting", round(done / taken), 500, "/s", bound="at least")


def _look(told: History) -> Iterable[Promise]:
    """A look at every shipper in turn, when nothing is new and when everything under way is overdue."""
    forget_exceptions(told.shipper)
    began = time.perf_counter()
    at_each_shipper("look for exceptions", lambda now: watch(now=NOW + timedelta(hours=4)))
    first = time.perf_counter() - began
    with doorway.enter_shipper(told.shipper):
        opened = DeliveryException.objects.filter(ended_at=None).count()
    assert opened, "nothing was found"
    began = time.perf_counter()
    at_each_shipper("look for exceptions", lambda now: watch(now=NOW + timedelta(hours=4, minutes=1)))
    again = time.perf_counter() - began
    print(f"  {opened:,} exceptions opened in a look of {first:.1f} s; the next look took {again:.1f} s")
    every = float(str(settings.CELERY_BEAT_SCHEDULE["look for exceptions"]["schedule"]))
    yield Promise("tower-detection", round(every + max(first, again), 1), 30, "s")


def _ask(told: History) -> Iterable[Promise]:
    client = Client(SERVER_NAME=f"{told.shipper.slug}.{settings.NETWORK_HOST}")
    with doorway.enter_shipper(told.shipper):  # a session is one of its shipper's
        client.force_login(told.planner, backend="apps.accounts.backends.MemberBackend")
        session = client.session
        session[SIGNED_IN_AT] = client.defaults["SERVER_NAME"]
        session.save()
    weeks = numbers()

    def dashboard() -> None:
        last = NOW.date() - timedelta(days=7 * (next(weeks) % 50))
        asked = {"first": f"{last - timedelta(days=27)}", "last": f"{last}", "by": "carrier"}
        assert client.get("/figures/", asked).status_code == 200

    def a_year() -> None:
        asked = {"first": f"{NOW.date() - timedelta(days=365)}", "last": f"{NOW.date()}"}
        assert client.get("/figures/", asked).status_code == 200

    def listed() -> None:
        assert client.get("/exceptions/").status_code == 200

    yield Promise("tower-list", _p95("list", listed), 150, "ms")
    yield Promise("tower-dashboard", _p95("dashboard of four weeks", dashboard), 300, "ms")
    yield Promise("tower-dashboard-year", _p95("dashboard of a year", a_year, ROUNDS // 3), 1_000, "ms")


def _report(told: History) -> Promise:
    """Vehicles drive on and say so once a second, all of them in each batch, until there are enough."""
    token, plates = fleet(told.shipper, VEHICLES)
    client = Client(SERVER_NAME=f"{told.shipper.slug}.{settings.NETWORK_HOST}")
    sender, began_at = uuid4(), timezone.now() - timedelta(seconds=BATCHES * MOST_ROWS // VEHICLES + 60)
    bodies = [
        json.dumps({"positions": [_position(sender, began_at, plates, place) for place in places]})
        for places in (range(n * MOST_ROWS, (n + 1) * MOST_ROWS) for n in range(BATCHES))
    ]
    began = time.perf_counter()
    accepted = 0
    for body in bodies:
        answer = client.post(
            "/api/v1/positions", body, content_type="application/json", headers={"Authorization": token}
        )
        accepted += answer.json()["counts"].get("accepted", 0)
    taken = time.perf_counter() - began
    assert accepted == BATCHES * MOST_ROWS, answer.json()["counts"]
    print(f"  {accepted:,} positions of {VEHICLES} vehicles in {BATCHES} batches took {taken:.1f} s")
    return Promise("tower-positions", round(accepted / taken), 5_000, "/s", bound="at least")


def _position(sender: UUID, began_at: datetime, plates: Sequence[str], place: int) -> dict[str, object]:
    second, vehicle = divmod(place, len(plates))
    return {
        "id": f"{sender}-{place}",
        "vehicle": plates[vehicle],
        "at": (began_at + timedelta(seconds=second)).isoformat(),
        "latitude": -26.1 - vehicle / 1_000 - second * 1e-4,
        "longitude": 28.0,
        "speed_kmh": 40,
        "heading": 180,
        "accuracy_m": 8,
    }


def _p95(name: str, ask: Callable[[], None], rounds: int = ROUNDS) -> float:
    """The 95th percentile in milliseconds; the first answers, which load templates, are not counted."""
    times = []
    for number in range(rounds + 3):
        began = time.perf_counter()
        ask()
        if number >= 3:
            times.append(1000 * (time.perf_counter() - began))
    p95 = quantiles(times, n=20)[-1]
    print(f"  {name}: median {median(times):.0f} ms, p95 {p95:.0f} ms")
    return round(p95)
