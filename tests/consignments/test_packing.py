"""Packing: exact shares, and SSCCs that never repeat."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.consignments.models import Consignment, ConsignmentItem, NumberSeries
from apps.consignments.services import AlreadyPacked, SeriesExhausted, pack, pallets_for
from apps.consignments.services.packing import _shares
from apps.consignments.sscc import capacity
from apps.facilities.models import Site


@pytest.fixture
def consignment(at_acme, northern_site):
    made = Consignment.objects.create(
        number="C-1",
        origin=Site.objects.get(code="ACME-DC"),
        site=northern_site,
        requested_date="2026-03-03",
        content_sha256="0" * 64,
    )
    ConsignmentItem.objects.create(
        consignment=made,
        line=1,
        article="Gloves",
        quantity=1,
        weight_kg=Decimal("100.01"),
        volume_m3=Decimal(1),
    )
    return made


def test_pallets_share_weight_and_volume_to_the_last_unit(consignment):
    units = pack(consignment=consignment, pallets=3)

    assert [(u.weight_kg, u.volume_m3) for u in units] == [
        (Decimal("33.34"), Decimal("0.334")),
        (Decimal("33.34"), Decimal("0.333")),
        (Decimal("33.33"), Decimal("0.333")),
    ]


def test_ssccs_go_on_from_where_they_were(consignment):
    NumberSeries.objects.create(name="sscc", next_value=41)

    units = pack(consignment=consignment, pallets=2)

    assert [u.sscc[:-1] for u in units] == ["0" + "6001234" + "000000041", "0" + "6001234" + "000000042"]
    assert NumberSeries.objects.get().next_value == 43


def test_what_is_packed_is_not_packed_again(consignment):
    pack(consignment=consignment, pallets=1)

    with pytest.raises(AlreadyPacked):
        pack(consignment=consignment, pallets=2)

    assert consignment.handling_units.count() == 1


def test_a_full_series_refuses_rather_than_repeats(consignment):
    NumberSeries.objects.create(name="sscc", next_value=capacity("6001234") - 1)

    with pytest.raises(SeriesExhausted):
        pack(consignment=consignment, pallets=2)

    assert consignment.handling_units.count() == 0


@pytest.mark.parametrize(
    ("weight", "volume", "pallets"),
    [("0", "0", 1), ("1000", "1.8", 1), ("1000.01", "0", 2), ("0", "1.801", 2), ("2500", "9", 5)],
)
def test_a_pallet_takes_a_ton_and_one_point_eight_cubic_metres(weight, volume, pallets):
    assert pallets_for(weight_kg=Decimal(weight), volume_m3=Decimal(volume)) == pallets


@given(total=st.decimals(0, 10**8, places=2), parts=st.integers(1, 999))
def test_shares_add_up_and_differ_by_one_cent_at_most(total, parts):
    shares = _shares(total, parts, Decimal("0.01"))

    assert (len(shares), sum(shares)) == (parts, total)
    assert max(shares) - min(shares) <= Decimal("0.01")
