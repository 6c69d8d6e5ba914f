"""A file of order lines becomes consignments: all that are good, none that is half good."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.actors import Actor
from apps.consignments import parsing, permissions
from apps.consignments.models import Consignment, ConsignmentItem, Import, Priority
from apps.consignments.parsing import ParsedConsignment, Problem
from apps.consignments.ranges import read_range
from apps.consignments.services.packing import lock_series, pack_new, pallets_for
from apps.core.errors import DomainError
from apps.facilities.models import Recipient, Site
from apps.tenancy.doorway import current_shipper

MAX_PALLETS = 999
MAX_REPORTED = 5_000


class FileRefused(DomainError):
    """Nothing of the file could be read or stored. ``problems``: row, column, value, reason."""

    code = "file-refused"


@transaction.atomic
def import_consignments(*, actor: Actor, file_name: str, content: bytes, now: datetime) -> Import:
    """Bring in a CSV of order lines; what it may hold is said in ``apps.consignments.parsing``.

    Every good consignment goes in, packed on its pallets; a consignment with a bad row stays out whole,
    and ``report`` says of each refused row {row, column, value, reason}. A consignment that is known
    with the same content counts as unchanged; one known with other content is refused. ``created``
    and ``unchanged`` count consignments, ``rows`` and ``refused`` rows of the file.

    The new consignments are ``result.consignments.all()``: a caller that has to record something with
    each of them does so in a transaction around this call, and both happen or neither.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        FileRefused: the file is too large, no UTF-8 CSV, empty, or lacks a required column.
        NoCompanyPrefix: the shipper has no GS1 company prefix, so its pallets can't get SSCCs.
        SeriesExhausted: its company prefix has no SSCCs left.
    """
    permissions.require(actor, "consignments.import")
    parsed = _parsed(content)
    lock_series()  # imports of one shipper follow one another, so what is known now is known for good
    accepted, problems, unchanged = _sorted_out(parsed.consignments, now)
    problems = sorted([*parsed.problems, *problems], key=lambda problem: (problem.row, problem.column))
    record = Import.objects.create(
        file_name=file_name[:200].replace("\x00", ""),
        sha256=hashlib.sha256(content).hexdigest(),
        rows=len(parsed.row_numbers),
        created=len(accepted),
        unchanged=unchanged,
        refused=len({problem.row for problem in problems}),
        report=_report(problems, parsed.ignored_columns),
        imported_by=actor.name[:150],
    )
    _store(accepted, record)
    return record


def _parsed(content: bytes) -> parsing.Parsed:
    try:
        return parsing.parse(content)
    except parsing.UnreadableFile as error:
        reasons = "; ".join(f"{p.column}: {p.reason}" if p.column else p.reason for p in error.problems)
        raise FileRefused(
            f"The file was not read: {reasons}.", problems=[asdict(problem) for problem in error.problems]
        ) from error


def _report(problems: list[Problem], ignored_columns: Iterable[str]) -> list[dict[str, object]]:
    """What the person reads: ignored columns as notes on the header, then the refused rows that fit."""
    notes = [Problem(1, column, "", "unknown column, ignored") for column in ignored_columns]
    entries = [*notes, *problems]
    left_out = len(entries) - MAX_REPORTED
    if left_out > 0:
        last = Problem(entries[MAX_REPORTED].row, "", "", f"and {left_out:,} more from here on")
        entries = [*entries[:MAX_REPORTED], last]
    return [asdict(entry) for entry in entries]


# What is good -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Accepted:
    """A consignment that can be stored: its sites found, its pallets counted, its content hashed."""

    parsed: ParsedConsignment
    site: Site
    origin: Site
    pallets: int
    weight_kg: Decimal
    volume_m3: Decimal
    sha256: str


class _NotAccepted(ValueError):
    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


def _sorted_out(
    found: tuple[ParsedConsignment, ...], now: datetime
) -> tuple[list[_Accepted], list[Problem], int]:
    """The new consignments, what is wrong with others, and how many are known unchanged."""
    places = _Places()
    known = _known([consignment.number for consignment in found])
    accepted: list[_Accepted] = []
    problems: list[Problem] = []
    unchanged = 0
    for consignment in found:
        try:
            candidate = _accepted(consignment, places)
            if known.get(consignment.number) == candidate.sha256:
                unchanged += 1
                continue
            _check_new(candidate, known, now)
        except _NotAccepted as error:
            value = parsing.shown(error.value)
            problems += [Problem(row, error.column, value, error.reason) for row in consignment.rows]
        else:
            accepted.append(candidate)
    return accepted, problems, unchanged


def _accepted(parsed: ParsedConsignment, places: "_Places") -> _Accepted:
    site, origin = places.site(parsed.site), places.origin(parsed.origin)
    weight = sum((line.weight_kg for line in parsed.lines), Decimal(0))
    volume = sum((line.volume_m3 for line in parsed.lines), Decimal(0))
    computed = pallets_for(weight_kg=weight, volume_m3=volume)
    if computed > MAX_PALLETS:
        raise _NotAccepted(
            "weight_kg" if weight else "volume_m3",
            f"{weight} kg, {volume} m³",
            f"that is {computed:,} pallets, and one consignment has at most {MAX_PALLETS}; check the units",
        )
    return _Accepted(
        parsed, site, origin, parsed.pallets or computed, weight, volume, _content_hash(parsed, site, origin)
    )


def _check_new(candidate: _Accepted, known: dict[str, str], now: datetime) -> None:
    parsed = candidate.parsed
    if parsed.number in known:
        raise _NotAccepted(
            "consignment", parsed.number, "this number is known with other content; nothing of it was changed"
        )
    today = now.astimezone(ZoneInfo(candidate.site.time_zone)).date()
    if parsed.date < today:
        raise _NotAccepted(
            "date", parsed.date.isoformat(), f"is in the past: at the site it is {today.isoformat()}"
        )


def _known(numbers: list[str]) -> dict[str, str]:
    """The content hashes of those numbers that are stored already."""
    return dict(Consignment.objects.filter(number__in=numbers).values_list("number", "content_sha256"))


def _content_hash(parsed: ParsedConsignment, site: Site, origin: Site) -> str:
    """Of what the rows say, not of how: order of rows and columns, code or GLN make no difference."""
    content = asdict(parsed) | {"site": str(site.pk), "origin": str(origin.pk)}
    if not parsed.temperature_range:  # as files were read before they could say one
        del content["temperature_range"]
    if parsed.priority == Priority.NORMAL:  # likewise
        del content["priority"]
    for line in content["lines"]:
        del line["row"]
    content["lines"] = sorted(content["lines"], key=lambda line: line["line"])
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


class _Places:
    """The sites that orders of the current shipper may name."""

    def __init__(self) -> None:
        shipper = current_shipper()
        partners = Recipient.objects.filter(
            active=True, partnerships__shipper=shipper, partnerships__active=True
        )
        self._sites = list(
            Site.objects.filter(recipient__in=partners, active=True).select_related("recipient")
        )
        self._origins = list(Site.objects.filter(shipper=shipper, active=True))

    def site(self, key: str) -> Site:
        """The partner's site of that code or GLN."""
        return self._one("site", key, self._sites, unknown="no partner has a site with this code or GLN")

    def origin(self, key: str) -> Site:
        """The shipper's own site of that code or GLN; its only one where the file names none."""
        if key:
            return self._one(
                "origin", key, self._origins, unknown="none of your own sites has this code or GLN"
            )
        if len(self._origins) == 1:
            return self._origins[0]
        if not self._origins:
            raise _NotAccepted("origin", "", "there is no site of your own yet that goods could leave from")
        codes = ", ".join(sorted(site.code for site in self._origins))
        raise _NotAccepted("origin", "", f"has to be said, as there are several: {codes}")

    def _one(self, column: str, key: str, sites: list[Site], *, unknown: str) -> Site:
        found: dict[UUID, Site] = {
            site.pk: site for site in sites if key.casefold() == site.code.casefold() or key == site.gln
        }
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            owners = " and ".join(str(site.recipient) for site in found.values())
            raise _NotAccepted(column, key, f"{owners} have a site with this code; write its GLN")
        codes = {site.code.casefold(): site.code for site in sites}
        close = get_close_matches(key.casefold(), codes, n=1)
        hint = f"; did you mean {codes[close[0]]}?" if close else ""
        raise _NotAccepted(column, key, unknown + hint)


# Storing it -------------------------------------------------------------------------------------


def _store(accepted: list[_Accepted], record: Import) -> None:
    consignments = Consignment.objects.bulk_create(
        [
            Consignment(
                number=new.parsed.number,
                order_reference=new.parsed.order,
                origin=new.origin,
                site=new.site,
                requested_date=new.parsed.date,
                temperature_class=new.parsed.temperature,
                temperature_min_mc=read_range(new.parsed.temperature_range)[0],
                temperature_max_mc=read_range(new.parsed.temperature_range)[1],
                adr_classes=list(new.parsed.adr),
                priority=new.parsed.priority,
                content_sha256=new.sha256,
                imported_by=record,
            )
            for new in accepted
        ],
        batch_size=1_000,
    )
    ConsignmentItem.objects.bulk_create(
        [
            ConsignmentItem(
                consignment=consignment,
                line=line.line,
                article=line.article,
                gtin=line.gtin,
                quantity=line.quantity,
                unit=line.unit,
                batch=line.batch,
                expires_on=line.expires,
                weight_kg=line.weight_kg,
                volume_m3=line.volume_m3,
            )
            for consignment, new in zip(consignments, accepted, strict=True)
            for line in new.parsed.lines
        ],
        batch_size=1_000,
    )
    if accepted:
        pack_new(
            [
                (consignment, new.pallets, new.weight_kg, new.volume_m3)
                for consignment, new in zip(consignments, accepted, strict=True)
            ]
        )
