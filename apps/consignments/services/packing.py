"""Goods onto pallets: each gets an SSCC that this shipper never gave before."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from django.db import transaction
from django.db.models import Sum

from apps.consignments.models import Consignment, HandlingUnit, NumberSeries
from apps.consignments.sscc import capacity, compose
from apps.core.errors import DomainError
from apps.tenancy.doorway import current_shipper

SSCC_SERIES = "sscc"
KG_PER_PALLET = Decimal(1000)
M3_PER_PALLET = Decimal("1.8")  # a base of 1.2 m × 1.0 m, loaded 1.5 m high
_CENT, _LITRE = Decimal("0.01"), Decimal("0.001")


class NoCompanyPrefix(DomainError):
    """The shipper has no GS1 company prefix, so no SSCC can be made for it."""

    code = "no-company-prefix"


class SeriesExhausted(DomainError):
    """Every SSCC of the shipper's company prefix is given out."""

    code = "series-exhausted"
    status = 409


class AlreadyPacked(DomainError):
    """The consignment is on pallets already; their SSCCs may be on labels."""

    code = "already-packed"
    status = 409


def pallets_for(*, weight_kg: Decimal, volume_m3: Decimal) -> int:
    """How many pallets goods of that weight and volume take when nobody said: at least one,

    none heavier than 1,000 kg, none larger than 1.8 m³.
    """
    by_weight = (weight_kg / KG_PER_PALLET).to_integral_value(ROUND_CEILING)
    by_volume = (volume_m3 / M3_PER_PALLET).to_integral_value(ROUND_CEILING)
    return max(1, int(by_weight), int(by_volume))


@transaction.atomic
def pack(*, consignment: Consignment, pallets: int) -> list[HandlingUnit]:
    """Put a consignment on so many pallets, its weight and volume spread evenly and to the last cent of a kg.

    Raises:
        NoCompanyPrefix: the shipper has none.
        SeriesExhausted: its company prefix has no SSCC left.
        AlreadyPacked: the consignment has handling units.
    """
    lock_series()
    if consignment.handling_units.exists():
        raise AlreadyPacked(f"{consignment.number} is packed already.")
    total = consignment.items.aggregate(kg=Sum("weight_kg"), m3=Sum("volume_m3"))
    return pack_new([(consignment, pallets, total["kg"] or Decimal(0), total["m3"] or Decimal(0))])


def pack_new(loads: Sequence[tuple[Consignment, int, Decimal, Decimal]]) -> list[HandlingUnit]:
    """Pack consignments that have no handling units: (consignment, pallets, kg, m³), in one transaction.

    Raises:
        NoCompanyPrefix: the shipper has none.
        SeriesExhausted: its company prefix has not so many SSCCs left.
    """
    ssccs = iter(_take_ssccs(sum(pallets for _, pallets, _, _ in loads)))
    units = [
        HandlingUnit(consignment=consignment, sscc=next(ssccs), weight_kg=weight, volume_m3=volume)
        for consignment, pallets, kg, m3 in loads
        for weight, volume in zip(_shares(kg, pallets, _CENT), _shares(m3, pallets, _LITRE), strict=True)
    ]
    return HandlingUnit.objects.bulk_create(units, batch_size=2_000)


def lock_series() -> NumberSeries:
    """The series of SSCC serials, locked until the transaction ends: whoever packs meanwhile waits."""
    NumberSeries.objects.bulk_create([NumberSeries(name=SSCC_SERIES, next_value=0)], ignore_conflicts=True)
    return NumberSeries.objects.select_for_update().get(name=SSCC_SERIES)


def _take_ssccs(count: int) -> list[str]:
    """The next ``count`` SSCCs; a number is used once, or never when the transaction is undone."""
    shipper = current_shipper()
    if not shipper.gs1_company_prefix:
        raise NoCompanyPrefix(f"{shipper.name} needs a GS1 company prefix before goods can get their SSCCs.")
    series = lock_series()
    first, end = series.next_value, series.next_value + count
    if end > capacity(shipper.gs1_company_prefix):
        raise SeriesExhausted(f"The company prefix {shipper.gs1_company_prefix} has no SSCCs left.")
    NumberSeries.objects.filter(pk=series.pk).update(next_value=end)
    return [compose(company_prefix=shipper.gs1_company_prefix, number=number) for number in range(first, end)]


def _shares(total: Decimal, parts: int, unit: Decimal) -> list[Decimal]:
    """``total`` in so many parts that add up to it exactly and differ by one ``unit`` at most."""
    each, rest = divmod(int(total / unit), parts)
    return [(each + (place < rest)) * unit for place in range(parts)]
