"""SSCCs and GS1 check digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.consignments.sscc import capacity, check_digit, compose, has_valid_check_digit, is_sscc


@pytest.mark.parametrize(
    "key", ["106141412345678908", "4006381333931", "96385074"], ids=["SSCC", "EAN-13", "EAN-8"]
)
def test_published_keys_check(key):
    assert has_valid_check_digit(key)


def test_the_number_counts_the_serial_up_and_then_the_extension_digit():
    assert [compose(company_prefix="6001234", number=n)[:-1] for n in (0, 1, 999_999_999, 1_000_000_000)] == [
        "0" + "6001234" + "000000000",
        "0" + "6001234" + "000000001",
        "0" + "6001234" + "999999999",
        "1" + "6001234" + "000000000",
    ]


@given(prefix=st.from_regex(r"[0-9]{4,12}", fullmatch=True), data=st.data())
def test_every_sscc_checks_and_no_single_wrong_digit_does(prefix, data):
    sscc = compose(company_prefix=prefix, number=data.draw(st.integers(0, capacity(prefix) - 1)))
    place = data.draw(st.integers(0, 17))
    wrong = sscc[:place] + str((int(sscc[place]) + data.draw(st.integers(1, 9))) % 10) + sscc[place + 1 :]

    assert is_sscc(sscc)
    assert not is_sscc(wrong)


@pytest.mark.parametrize(
    ("prefix", "number"),
    [("123", 0), ("1234567890123", 0), ("12a4", 0), ("123456789012", 100_000), ("6001234", -1)],
)
def test_what_cannot_be_an_sscc_is_refused(prefix, number):
    with pytest.raises(ValueError):
        compose(company_prefix=prefix, number=number)


@pytest.mark.parametrize("text", ["", "0", "١٢", "00600123400000001", "x06001234000000018"])
def test_what_is_no_sscc_is_not_taken_for_one(text):
    assert not is_sscc(text)


def test_a_check_digit_needs_digits():
    with pytest.raises(ValueError):
        check_digit("12 3")
