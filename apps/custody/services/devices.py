"""What devices say late, twice or with a wrong clock: counted once, a claim, flagged where it is odd."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from apps.custody import canonical
from apps.custody.errors import DeviceForked
from apps.custody.facts import Personal
from apps.custody.models import CustodyEvent, DeviceAction

#: How far a device's clock may be off before the record says so.
SKEW_LIMIT = timedelta(minutes=5)
#: How far a device's clock may step back between two of its actions.
REWIND_LIMIT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Device:
    """Who speaks: a device's id, its own running number for this action, its zone and its clock's error.

    ``skew`` is its clock minus the server's when it last spoke to it, None where that is not known.
    """

    id: str
    seq: int
    offset_minutes: int | None = None
    skew: timedelta | None = None

    def fact(self) -> dict[str, object]:
        """The device as events say it."""
        skew = None if self.skew is None else _milliseconds(self.skew)
        return {"id": self.id, "seq": self.seq, "offset_minutes": self.offset_minutes, "skew_ms": skew}


def said_before(
    device: Device,
    event_type: str,
    event_time: datetime,
    consignments: Mapping[str, Sequence[str]],
    details: Mapping[str, Any],
) -> CustodyEvent | None:
    """The event of this action if the device said it before; a copy of a message is harmless.

    Raises:
        DeviceForked: under this number the device said something else.
    """
    earlier = DeviceAction.objects.filter(device=device.id, seq=device.seq).select_related("event").first()
    if earlier is None:
        return None
    if bytes(earlier.digest) != _digest(event_type, event_time, consignments, details):
        raise DeviceForked(
            f"{device.id} said something else under number {device.seq} before; both can't be true."
        )
    return earlier.event


def note_action(
    device: Device, event: CustodyEvent, consignments: Mapping[str, Sequence[str]], details: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Remember that the device said this; answers what is odd about its clock, as clock_anomaly says it."""
    DeviceAction.objects.bulk_create(
        [
            DeviceAction(
                device=device.id,
                seq=device.seq,
                digest=_digest(event.type, event.event_time, consignments, details),
                event=event,
                device_time=event.event_time,
                recorded_at=event.recorded_at,
            )
        ]
    )
    return [
        {
            "device": device.id,
            "seq": device.seq,
            "kind": kind,
            "event_id": str(event.pk),
            "difference_ms": _milliseconds(difference),
        }
        for kind, difference in _oddities(device, event)
    ]


def _oddities(device: Device, event: CustodyEvent) -> list[tuple[str, timedelta]]:
    found = []
    if device.skew is not None and abs(device.skew) > SKEW_LIMIT:
        found.append(("skew", device.skew))
    ahead = event.event_time - event.recorded_at
    if ahead > SKEW_LIMIT:
        found.append(("future", ahead))
    before = DeviceAction.objects.filter(device=device.id, seq__lt=device.seq).order_by("-seq").first()
    after = DeviceAction.objects.filter(device=device.id, seq__gt=device.seq).order_by("seq").first()
    if before and before.device_time - event.event_time > REWIND_LIMIT:
        found.append(("rewind", event.event_time - before.device_time))
    elif after and event.event_time - after.device_time > REWIND_LIMIT:
        found.append(("rewind", after.device_time - event.event_time))
    return found


def _digest(
    event_type: str,
    event_time: datetime,
    consignments: Mapping[str, Sequence[str]],
    details: Mapping[str, Any],
) -> bytes:
    """SHA-256 of what was said, without personal values: a hash of those could be guessed."""
    said = {
        "type": event_type,
        "event_time": canonical.format_time(event_time),
        "consignments": {number: sorted(set(ssccs)) for number, ssccs in consignments.items()},
        "details": _plain(details),
    }
    return sha256(canonical.json_bytes(said)).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, Personal):
        return None
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _milliseconds(difference: timedelta) -> int:
    return difference // timedelta(milliseconds=1)
