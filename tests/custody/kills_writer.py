"""Records events until it is killed: ``python -m tests.custody.kills_writer FOLDER NAME SLUG``.

Each of its threads is a device with a running number. Once the database has committed an event, a line with
the number and the event's id goes to the device's file; started again, a device goes on after its last line,
and says what it may have said before once more, in the same words.
"""

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import django

django.setup()

from django.db import DatabaseError, InterfaceError, connection, transaction  # noqa: E402 after the set-up

from apps.accounts.actors import Actor, Side  # noqa: E402
from apps.accounts.models import Role  # noqa: E402
from apps.custody import services as custody  # noqa: E402
from apps.tenancy import doorway  # noqa: E402
from apps.tenancy.models import Shipper  # noqa: E402

THREADS = 4
STEPS = 5  # events of a consignment before a device takes up the next one
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
PERSON = UUID(int=7)


def speak(folder: Path, device: str, slug: str) -> None:
    """Record one event after the other, as often as it takes."""
    said = folder / f"{device}.acknowledged"
    seq = max((int(line.split()[0]) for line in _whole_lines(said)), default=0)
    file = os.open(said, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while not (folder / "stop").exists():
        try:
            event_id = _record(device, seq + 1, slug)
        except (DatabaseError, InterfaceError):  # the database is away, or went while it was asked
            connection.close()
            time.sleep(0.1)
            continue
        os.write(file, f"{seq + 1} {event_id}\n".encode())
        seq += 1


def _whole_lines(said: Path) -> list[str]:
    return said.read_text().splitlines() if said.exists() else []


def _record(device: str, seq: int, slug: str) -> UUID:
    shipper = Shipper.objects.get(slug=slug)
    actor = Actor(Side.SHIPPER, PERSON, "Zoë", shipper_id=shipper.pk, roles=frozenset({Role.PLANNER}))
    with doorway.enter_shipper(shipper), transaction.atomic():
        return custody.record(
            "departed",
            actor=actor,
            now=datetime.now(UTC),
            event_time=BEGIN + timedelta(seconds=seq),
            consignments={f"C-{device}-{seq // STEPS}": []},
            details={"vehicle": f"TRK {seq}"},
            delivery="D000001",
            device=custody.Device(device, seq),
        ).pk


def main(folder: str, name: str, slug: str) -> None:
    devices = [f"{name}-{number}" for number in range(THREADS)]
    for thread in [threading.Thread(target=speak, args=(Path(folder), each, slug)) for each in devices]:
        thread.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
