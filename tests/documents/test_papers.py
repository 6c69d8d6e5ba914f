"""Facts of papers, and how they are worded."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from apps.documents.papers import Period, Totals, Unit, facts_sha256
from apps.documents.templatetags import papers
from tests.documents import notes

JOHANNESBURG = ZoneInfo("Africa/Johannesburg")
BERLIN = ZoneInfo("Europe/Berlin")


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_equal_facts_have_one_digest_however_their_numbers_are_written():
    note = notes.small()
    rewritten = replace(
        note, totals=Totals(pallets=2, weight_kg=Decimal("825.00"), volume_m3=Decimal("3.120"))
    )

    assert facts_sha256(note) == facts_sha256(rewritten)


def test_any_other_fact_has_another_digest():
    note = notes.small()
    others = [
        replace(note, number="DN-1"),
        replace(note, visit=replace(note.visit, dock="Dock 2")),
        replace(note, totals=replace(note.totals, pallets=3)),
        replace(note, papers=()),
        replace(note, language="de"),
    ]

    assert len({facts_sha256(each) for each in [note, *others]}) == 6


@pytest.mark.parametrize(
    "sscc", ["", "36001234000000001", "3600123400000000141", "36001234000000001x", "٣" * 18]
)
def test_a_unit_without_18_digits_is_no_unit(sscc):
    with pytest.raises(ValueError, match="18 digits"):
        Unit(sscc=sscc)


def test_a_period_without_zone_or_length_is_refused():
    with pytest.raises(ValueError, match="aware"):
        Period(start=datetime(2026, 3, 3, 7), end=datetime(2026, 3, 3, 8))
    with pytest.raises(ValueError, match="ends after"):
        Period(start=at(2026, 3, 3, 8), end=at(2026, 3, 3, 8))


def test_a_slot_is_told_in_the_sites_own_time():
    period = Period(start=at(2026, 3, 3, 7), end=at(2026, 3, 3, 8, 30))

    assert (papers.hours(period, JOHANNESBURG), papers.offset(period, JOHANNESBURG)) == (
        "09:00–10:30",
        "SAST (UTC+02:00)",
    )


def test_a_slot_over_midnight_names_the_second_day():
    period = Period(start=at(2026, 3, 3, 21), end=at(2026, 3, 3, 23, 30))

    assert papers.hours(period, JOHANNESBURG) == "23:00–01:30, Wed 4 Mar 2026"


def test_a_slot_over_the_change_of_clocks_names_both_clocks():
    period = Period(start=at(2026, 10, 25, 0, 30), end=at(2026, 10, 25, 1, 30))

    assert (papers.hours(period, BERLIN), papers.offset(period, BERLIN)) == (
        "02:30 CEST (UTC+02:00) – 02:30",
        "CET (UTC+01:00)",
    )


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Asia/Riyadh", "UTC+03:00"),
        ("Asia/Kathmandu", "UTC+05:45"),
        ("America/St_Johns", "NST (UTC-03:30)"),
        ("UTC", "UTC+00:00"),
    ],
)
def test_a_clock_without_a_name_is_told_by_its_offset(zone, told):
    period = Period(start=at(2026, 3, 3, 7), end=at(2026, 3, 3, 8))

    assert papers.offset(period, ZoneInfo(zone)) == told


@pytest.mark.parametrize(
    ("number", "language", "told"),
    [
        (Decimal("1234.500"), "en", "1,234.5"),
        (Decimal("1E+3"), "en", "1,000"),
        (Decimal("0.125"), "en", "0.125"),
        (7, "en", "7"),
        (Decimal("1234.5"), "de", "1.234,5"),
    ],
)
def test_amounts_are_grouped_and_say_no_more_than_they_know(number, language, told):
    with translation.override(language):
        assert papers.amount(number) == told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ("Tue 3 Mar 2026", "3 Mar 2026")),
        ("de", ("Di, 3. März 2026", "03.03.2026")),
        ("es", ("mar 3 de marzo de 2026", "03/03/2026")),
        ("fr", ("mar 3 mars 2026", "03/03/2026")),
    ],
)
def test_days_are_written_as_their_language_writes_them(language, told):
    at = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    with translation.override(language):
        assert (papers.day(at, UTC).lower(), papers.dated(at.date())) == (told[0].lower(), told[1])


def test_a_code_without_a_word_stands_for_itself():
    assert (papers.word("coa", "document"), papers.word("t1", "document")) == (
        "Certificate of analysis",
        "t1",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [("مستشفى 12", "rtl"), ("12 בית", "rtl"), ("Dock 1", "ltr"), ("12", "ltr"), ("", "ltr"), ("北京", "ltr")],
)
def test_the_first_letter_gives_the_direction(text, told):
    assert papers.direction(text) == told
