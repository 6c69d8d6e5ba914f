"""Times are the site's; a reader whose clock shows another time reads it on a second line."""

import pytest


def page_in(desk, delivery, zone):
    desk.cookies["zone"] = zone
    return desk.get(f"/deliveries/{delivery.pk}/slots/").content.decode()


def test_a_reader_elsewhere_reads_their_own_time_below_the_sites(delivery, desk):
    page = page_in(desk, delivery, "America/New_York")

    assert "Site time, SAST (UTC+02:00)" in page
    assert "12:00</time>" in page
    assert "Mon 5 a.m. EST in your zone" in page or "Mon 05:00 EST in your zone" in page


@pytest.mark.parametrize("zone", ["Africa/Johannesburg", "Africa/Harare", "Not/AZone", "../../etc/passwd"])
def test_the_same_clock_under_another_name_or_no_zone_at_all_says_nothing_more(delivery, desk, zone):
    assert "in your zone" not in page_in(desk, delivery, zone)


def test_what_is_agreed_says_it_too(confirmed, delivery, desk):
    desk.cookies["zone"] = "Asia/Kolkata"

    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()

    assert "IST in your zone" in page
