"""The simulated week in small: what is put in is found and rightly named at both shippers."""

from random import Random

from apps.insights.models import DeliveryException
from apps.tenancy import doorway
from benchmarks._week_ground import places, world
from benchmarks.week import lift, play, report

#: Every second quarter is enough to see what stays, but for the hours in which vehicles are awaited.
LOOKS = (-24, -16, -8, 0, 8, *range(12, 20, 2), *range(20, 54), *range(54, 68, 4))


def test_what_is_put_in_is_found_and_rightly_named(acme, globex, capsys):
    sites = places([acme, globex], 15)
    seen = []
    for number, shipper in enumerate((acme, globex)):
        with doorway.enter_shipper(shipper):
            ground = world(shipper, sites, vehicles=10)
            seen.append(play(ground, 30, weeks=0, random=Random(number), days=1, looks=LOOKS))
            assert DeliveryException.objects.exists()

    report(seen)

    assert sum(sum(each.injected.values()) for each in seen) >= 10
    assert min(each.share for each in seen) >= 0.95, capsys.readouterr().out
    assert all(each.told for each in seen)
    assert lift([(0.9, True), *([(0.1, False)] * 9)]) == 10
