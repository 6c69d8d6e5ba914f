"""Everything is counted once more, the newest days first: how long exceptions took was not counted before."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('figures', '0004_resolution_time'),
    ]

    operations = [
        migrations.RunSQL("DELETE FROM figures_counting", migrations.RunSQL.noop),
    ]
