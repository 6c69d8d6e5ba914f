from datetime import timedelta
from pathlib import Path
from tests.e2e.test_tower import picture
from apps.figures.services import count
from apps.tenancy import doorway
from django.utils import timezone
from apps.insights.services import watch

def test_pictures(visit, asked, unloading, acme, northern_site, day):
    with doorway.enter_shipper(acme):
        watch(now=asked.must_act_by - timedelta(hours=1))
        count(now=timezone.now())
    page = visit("rita@northern.example")
    for name in ("rounds", "queue", "on_time"):
        r = page.goto(f"/figures/{name}/?first={day}&last={day}")
        print(name, r.status)
        picture(page, f"hub-{name}")
    page.goto(f"/figures/?first={day}&last={day}")
    picture(page, "hub-figures")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/figures/rounds/?first={day}&last={day}")
    picture(page, "hub-rounds-phone")
    page = visit("alice@acme.example", "acme")
    page.goto(f"/figures/answer/?first={day}&last={day}")
    picture(page, "desk-answer")
    page.goto("/exceptions/")
    picture(page, "desk-exceptions")
    page.goto(f"/figures/?first={day}&last={day}")
    picture(page, "desk-figures")
