"""Pages of milestones and pilots: typed by the site's clock, shown with float and harm, planners alone."""

from apps.deliveries.models import Delivery
from apps.figures.models import Milestone
from apps.tenancy import doorway

TYPED = {
    "project": "New ward",
    "name": "Crew arrives",
    "kind": "crew",
    "starts_at": "2026-03-20T08:00",
    "not_before": "2026-03-18T06:00",
    "currency": "ZAR",
    "late_day": "1500.50",
    "early_day": "200",
}


def test_a_milestone_is_made_tied_read_and_removed(confirmed, acme, northern_site, desk):
    site = str(northern_site.pk)
    bad = desk.post("/figures/milestones/new/", {**TYPED, "site": site, "not_before": "2026-03-20T08:00"})
    assert bad.status_code == 422
    assert "choose an earlier moment" in bad.content.decode()
    assert desk.post("/figures/milestones/new/", {**TYPED, "starts_at": "soon"}).status_code == 422

    address = desk.post("/figures/milestones/new/", {**TYPED, "site": site}).headers["Location"]
    number = Delivery.objects.get(pk=confirmed.delivery_id).number
    assert desk.post(f"{address}tie/", {"numbers": "NOWHERE"}).status_code == 422
    assert desk.post(f"{address}tie/", {"numbers": number}).status_code == 302

    assert Milestone.objects.get().starts_at.isoformat() == "2026-03-20T06:00:00+00:00"
    page = desk.get(address).content.decode()
    assert number in page
    assert "2026-03-20T08:00" in page
    overview = desk.get("/figures/milestones/").content.decode()
    assert "left" in overview
    assert "What waits for it" in desk.get(f"/deliveries/{confirmed.delivery_id}/").content.decode()
    assert number in desk.get(f"{address}deliveries/csv/").content.decode()
    assert "New ward" in overview
    assert desk.get("/figures/milestones/tables/milestones/xlsx/").status_code == 200
    assert desk.get("/figures/milestones/tables/nonsense/csv/").status_code == 404

    assert desk.post(f"{address}untie/{confirmed.delivery_id}/").status_code == 302
    assert desk.post(f"{address}untie/{confirmed.delivery_id}/").status_code == 404
    assert desk.post(f"{address}remove/").status_code == 302
    assert desk.post(f"{address}remove/").status_code == 404


def test_nobody_else_reads_or_changes_it(confirmed, acme, northern_site, desk, auditors_desk, browse, globex):
    address = desk.post("/figures/milestones/new/", {**TYPED, "site": str(northern_site.pk)}).headers[
        "Location"
    ]
    other = browse("bob@globex.example", "globex")

    assert other.get(address).status_code == 404
    assert other.post(f"{address}remove/").status_code == 404
    assert "Crew arrives" not in other.get("/figures/milestones/").content.decode()
    assert auditors_desk.get(address).status_code in (302, 403)
    with doorway.enter_shipper(acme):
        assert Milestone.objects.count() == 1


def test_a_pilot_says_who_takes_part_or_is_asked_to(confirmed, northern_site, desk, auditors_desk):
    asked = f"since=2026-03-02&site={northern_site.pk}&weeks=4&figure=on_time"

    assert "Nothing compared yet" in desk.get("/figures/pilots/").content.decode()
    assert desk.get("/figures/pilots/?since=2026-03-02").status_code == 422
    assert desk.get(f"/figures/pilots/?{asked}&weeks=five").status_code == 422
    page = desk.get(f"/figures/pilots/?{asked}")
    assert page.status_code == 200
    assert "Too little is counted" in page.content.decode()
    assert "All others" in desk.get(f"/figures/pilots/tables/pilot/csv/?{asked}").content.decode()
    assert desk.get("/figures/pilots/tables/pilot/csv/").status_code == 404
    assert auditors_desk.get(f"/figures/pilots/?{asked}").status_code in (302, 403)
