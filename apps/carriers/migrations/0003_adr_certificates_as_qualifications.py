from django.db import migrations


def fill(apps, schema_editor):
    """Dangerous goods certificates, a date on the driver until now, become rows of their own."""
    driver = apps.get_model("carriers", "Driver")
    qualification = apps.get_model("carriers", "Qualification")
    qualification.objects.bulk_create(
        qualification(driver=one, kind="adr", valid_until=one.adr_until)
        for one in driver.objects.exclude(adr_until=None)
    )


def give_back(apps, schema_editor):
    qualification = apps.get_model("carriers", "Qualification")
    for one in qualification.objects.filter(kind="adr").select_related("driver"):
        one.driver.adr_until = one.valid_until
        one.driver.save(update_fields=["adr_until"])


class Migration(migrations.Migration):

    dependencies = [
        ("carriers", "0002_fleet_terms_and_compliance"),
    ]

    operations = [
        migrations.RunPython(fill, give_back),
    ]
