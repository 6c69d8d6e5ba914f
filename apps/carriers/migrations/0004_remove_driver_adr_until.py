from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("carriers", "0003_adr_certificates_as_qualifications"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="driver",
            name="adr_until",
        ),
    ]
