"""Routes of plans that are there began and ended at the plan's site."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    plans = apps.get_model("routing", "RoutePlan").objects.filter(pk=OuterRef("plan_id"))
    routes = apps.get_model("routing", "Route").objects.filter(depot=None)
    routes.update(depot_id=Subquery(plans.values("site_id")[:1]))


class Migration(migrations.Migration):
    dependencies = [("routing", "0004_depots_and_trips")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
