"""Changing a site: what counts as a change, who wins, what is kept of each version."""

from datetime import date, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import override

from apps.accounts.models import Membership, Role
from apps.core.errors import PermissionRefused
from apps.facilities import services
from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    DocumentRequirement,
    ReceivingWindow,
    Reservation,
    Season,
    Site,
    SiteVersion,
)
from apps.facilities.profile import differences
from tests.factories.cast import NOW

WINTER = DateRange(date(2026, 6, 1), date(2026, 9, 1))
EASTER = DateRange(date(2026, 4, 1), date(2026, 4, 9))
ZONE = "Africa/Johannesburg"
SUMMER = DateRange(date(2026, 12, 1), date(2027, 2, 1))


@pytest.fixture
def change(rita, northern_site):
    """Change Northern's site as Rita, from the version that it is at unless another is named."""

    def do(apply, **named) -> Site:
        version = named.get("version") or Site.objects.get(pk=northern_site.pk).version
        actor = named.get("actor", rita)
        return services.change_site(
            actor=actor, site_id=northern_site.pk, version=version, apply=apply, now=NOW
        )

    return do


def setting(**values):
    """Sets fields of the site."""

    def apply(site: Site) -> None:
        Site.objects.filter(pk=site.pk).update(**values)

    return apply


def write_windows_anew(site: Site) -> None:
    windows = list(ReceivingWindow.objects.filter(site=site))
    ReceivingWindow.objects.filter(site=site).delete()
    for window in windows:
        ReceivingWindow.objects.create(
            site=site, weekday=window.weekday, opens=window.opens, closes=window.closes
        )


# Versions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "apply",
    [
        setting(gate_instructions="Report at gate C."),
        setting(active=False),
        lambda site: Dock.objects.filter(site=site, name="Dock 1").update(rank=7),
        lambda site: DocumentRequirement.objects.filter(site=site).update(temperature_class="frozen"),
        lambda site: ReceivingWindow.objects.filter(site=site, weekday=5).delete(),
    ],
    ids=["fact", "out of use", "rank", "paper's kind", "hours"],
)
def test_every_actual_change_counts_up_by_one_and_is_kept(change, northern_site, apply):
    changed = change(apply)

    kept = SiteVersion.objects.filter(site=northern_site).order_by("number")
    assert (changed.version, [each.number for each in kept]) == (2, [1, 2])
    assert [each.changed_by for each in kept] == ["", "Rita Reyes"]


@pytest.mark.parametrize("apply", [lambda site: None, write_windows_anew, setting(city="Johannesburg")])
def test_what_changes_nothing_makes_no_version(change, northern_site, apply):
    assert change(apply).version == 1
    assert [each.number for each in SiteVersion.objects.filter(site=northern_site)] == [1]


def test_a_change_that_no_sentence_shows_counts_as_well(change, northern_site, acme, globex):
    Reservation.objects.create(site=northern_site, shipper=acme, weekday=1, opens=time(7), closes=time(9))

    changed = change(lambda site: Reservation.objects.filter(site=site).update(shipper=globex))

    kept = SiteVersion.objects.get(site=northern_site, number=2)
    assert (changed.version, kept.changes) == (2, [])
    assert "Globex" not in str(kept.sections)


def test_a_version_says_what_it_did_away_with_and_brought(change, northern_site):
    change(setting(gate_instructions="Report at gate C."))

    assert SiteVersion.objects.get(site=northern_site, number=2).changes == [
        "− Place: Gate: Report at gate B.",
        "+ Place: Gate: Report at gate C.",
    ]


def test_what_is_kept_does_not_depend_on_the_editors_language(change, northern_site):
    with override("de"):
        change(setting(gate_instructions="Report at gate C."))

    assert SiteVersion.objects.get(site=northern_site, number=2).sections[0][0] == "Place"


def test_a_sentence_that_was_said_twice_and_is_said_once_is_a_difference():
    assert differences([("Rules", ["a", "a", "b"])], [("Rules", ["a", "c"])]) == [
        "− Rules: a",
        "− Rules: b",
        "+ Rules: c",
    ]


def test_the_second_of_two_editors_is_told_what_the_first_changed(change, northern_site):
    change(setting(gate_instructions="Report at gate C."))

    with pytest.raises(services.StaleSite) as refused:
        change(setting(gate_instructions="Report at gate D."), version=1)

    assert refused.value.message == (
        "Rita Reyes changed Northern Hospital stores meanwhile; nothing of this page has been saved."
    )
    assert refused.value.details["changes"][-1] == "+ Place: Gate: Report at gate C."
    assert Site.objects.get(pk=northern_site.pk).gate_instructions == "Report at gate C."


@pytest.mark.parametrize("who", ["otto", "sam", "alice", "olga"])
def test_only_the_sites_managers_change_it(change, northern_site, request, who):
    with pytest.raises(PermissionRefused):
        change(setting(name="Taken"), actor=request.getfixturevalue(who))

    assert Site.objects.get(pk=northern_site.pk).name == "Northern Hospital stores"


def test_what_fails_half_way_leaves_everything_as_it_was(change, northern_site):
    def apply(site: Site) -> None:
        ReceivingWindow.objects.filter(site=site).delete()
        raise services.CopyRefused("no")

    with pytest.raises(services.CopyRefused):
        change(apply)

    assert ReceivingWindow.objects.filter(site=northern_site).count() == 5


# Copying ----------------------------------------------------------------------------------------


@pytest.fixture
def annexe(northern, northern_site) -> Site:
    """A second site of Northern: one dock, a Saturday, a winter with hours and a rule."""
    site = Site.objects.create(
        recipient=northern,
        code="NH2",
        name="Annexe",
        latitude=0,
        longitude=0,
        time_zone="Africa/Johannesburg",
    )
    Dock.objects.create(site=site, name="Dock 1")
    ReceivingWindow.objects.create(site=site, weekday=6, opens=time(8), closes=time(12))
    winter = Season.objects.create(site=site, name="Winter", days=WINTER)
    ReceivingWindow.objects.create(site=site, weekday=6, opens=time(9), closes=time(12), season=winter)
    DockRule.objects.create(site=site, kind="max_height", limit=3, season=winter)
    Closure.objects.create(
        site=site, during=(NOW + timedelta(days=9), NOW + timedelta(days=10)), reason="Stocktaking"
    )
    return site


@pytest.fixture
def copy(change, annexe, rita):
    """Copy parts of the annexe to Northern's site."""

    def do(*parts, source=None, actor=rita) -> list[str]:
        missing: list[str] = []

        def apply(site: Site) -> None:
            missing.extend(
                services.copy_rules(
                    actor=actor, source_id=(source or annexe).pk, target=site, parts=set(parts)
                )
            )

        change(apply)
        return missing

    return do


def said(site: Site) -> dict[str, list[tuple[object, ...]]]:
    """Hours, rules and seasons as they stand."""
    windows = ReceivingWindow.objects.filter(site=site).order_by("season__name", "weekday")
    rules = DockRule.objects.filter(site=site).order_by("kind", "season__name")
    return {
        "windows": list(windows.values_list("weekday", "season__name")),
        "rules": list(rules.values_list("kind", "dock__name", "season__name")),
        "seasons": list(Season.objects.filter(site=site).order_by("name").values_list("name", "days")),
    }


def test_copied_hours_bring_their_seasons_and_leave_the_rules(copy, northern_site):
    own = Season.objects.create(site=northern_site, name="Summer", days=SUMMER)
    DockRule.objects.create(site=northern_site, kind="max_weight", limit=900, season=own)
    Season.objects.create(
        site=northern_site, name="Easter", days=DateRange(date(2026, 4, 1), date(2026, 4, 9))
    )

    assert copy("hours") == []

    assert said(northern_site) == {
        "windows": [(6, "Winter"), (6, None)],
        "rules": [("max_length", "Dock 2", None), ("max_weight", None, "Summer")],
        "seasons": [("Summer", SUMMER), ("Winter", WINTER)],
    }


def test_copied_rules_leave_hours_and_seasons_and_name_what_has_no_place(copy, annexe, northern_site):
    own = Season.objects.create(site=northern_site, name="Summer", days=SUMMER)
    ReceivingWindow.objects.create(site=northern_site, weekday=7, opens=time(9), closes=time(10), season=own)
    there = Dock.objects.create(site=annexe, name="Ramp")
    DockRule.objects.create(site=annexe, dock=there, kind="max_length", limit=5)
    DockRule.objects.create(site=annexe, kind="max_pallets", limit=5)

    assert sorted(copy("rules")) == ["Ramp", "Winter"]

    assert said(northern_site) == {
        "windows": [(7, "Summer"), *((day, None) for day in range(1, 6))],
        "rules": [("max_pallets", None, None)],
        "seasons": [("Summer", SUMMER)],
    }


def test_hours_and_rules_together_bring_a_seasons_rules(copy, annexe, northern_site):
    assert copy("hours", "rules") == []

    assert said(northern_site) == said(annexe)
    assert northern_site.closures.count() == 0


def test_copying_a_site_to_itself_is_refused_and_erases_nothing(copy, northern_site):
    before = said(northern_site)

    with pytest.raises(services.CopyRefused, match="itself"):
        copy("hours", "rules", source=northern_site)

    assert said(northern_site) == before


def test_a_season_that_would_lie_over_one_with_rules_is_refused(copy, northern_site):
    own = Season.objects.create(
        site=northern_site, name="Flu", days=DateRange(date(2026, 8, 1), date(2026, 10, 1))
    )
    DockRule.objects.create(site=northern_site, kind="max_weight", limit=900, season=own)

    with pytest.raises(services.CopyRefused, match="Winter would lie over Flu"):
        copy("hours")


def test_another_recipients_site_can_not_be_copied(copy, southern_site, northern_site):
    before = said(northern_site)

    with pytest.raises(PermissionRefused):
        copy("hours", "rules", "policies", "papers", source=southern_site)

    assert said(northern_site) == before


def test_only_a_manager_opens_a_site(rita, otto, northern):
    def site() -> Site:
        return Site(
            recipient=northern,
            code="NH3",
            name="New",
            latitude=0,
            longitude=0,
            time_zone="Africa/Johannesburg",
        )

    with pytest.raises(PermissionRefused):
        services.open_site(actor=otto, site=site(), now=NOW)
    opened = services.open_site(actor=rita, site=site(), now=NOW)

    assert (opened.version, SiteVersion.objects.get(site=opened).changed_by) == (1, "Rita Reyes")
    assert Membership.objects.filter(role=Role.RECEIVING_MANAGER, recipient=northern).exists()


# Holidays ---------------------------------------------------------------------------------------


def test_holidays_are_suggested_and_close_nothing_until_somebody_says_so(northern_site):
    found = services.suggested_holidays(northern_site, today=date(2026, 3, 2))

    assert [(h.day, h.is_closed) for h in found[:2]] == [
        (date(2026, 3, 21), False),
        (date(2026, 4, 3), False),
    ]
    assert northern_site.closures.count() == 0


def test_a_confirmed_holiday_closes_the_sites_own_day_once(change, northern_site):
    days = [date(2026, 4, 3), date(2026, 4, 4)]  # Good Friday, and a day that is none

    for _ in range(2):
        change(lambda site: services.close_on(site, days, today=date(2026, 3, 2)))

    closure = northern_site.closures.get()
    assert (
        closure.reason,
        closure.during.lower.isoformat(),
        closure.during.upper - closure.during.lower,
    ) == (
        "Good Friday",
        "2026-04-02T22:00:00+00:00",
        timedelta(days=1),
    )


@pytest.mark.parametrize(("country", "region", "name"), [("XX", "", ""), ("DE", "Bayern", "Corpus Christi")])
def test_a_country_without_a_calendar_suggests_nothing_and_a_region_adds_its_own(
    northern_site, country, region, name
):
    northern_site.country, northern_site.region = country, region

    found = {each.name for each in services.suggested_holidays(northern_site, today=date(2026, 3, 2))}

    assert (name in found) == bool(name)
    assert bool(found) == bool(name)
