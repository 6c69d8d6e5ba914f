"""The shipper's own policies, site by site: set at the desk, read by nobody else."""

from apps.appointments.models import AnswerPolicy
from apps.tenancy import doorway


def test_a_policy_is_set_and_listed_by_site(desk, at_acme, northern_site):
    answer = desk.post(f"/policies/{northern_site.pk}/", {"accepts": "on", "most_shift_minutes": "60"})

    lines = {line["name"]: line["sentences"] for line in desk.get("/policies/").context["lines"]}
    assert answer.url == "/policies/"
    assert lines == {
        "Northern Hospital stores": ["Accepts at most 60 min from what was asked."],
        "Southern Clinic pharmacy": [],
    }


def test_auditors_other_shippers_and_recipients_reach_none_of_it(
    desk, at_acme, auditors_desk, browse, northern_site, southern_site
):
    desk.post(f"/policies/{northern_site.pk}/", {"accepts": "on", "most_pallets": "77"})
    bob, rita = browse("bob@globex.example", "globex"), browse("rita@northern.example")

    assert auditors_desk.get("/policies/").status_code == 403
    assert auditors_desk.post(f"/policies/{northern_site.pk}/", {"action": "drop"}).status_code == 403
    assert "77 pallets" not in bob.get("/policies/").content.decode()
    assert bob.get(f"/policies/{northern_site.pk}/").context["held"] is None
    assert bob.post(f"/policies/{northern_site.pk}/", {"action": "drop"}).status_code == 302
    assert bob.get(f"/policies/{southern_site.pk}/").status_code == 404
    assert "77 pallets" not in rita.get(f"/sites/{northern_site.pk}/policies/").content.decode()
    with doorway.network():
        assert AnswerPolicy.objects.get().most_pallets == 77
