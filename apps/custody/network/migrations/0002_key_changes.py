"""The network's log changes its key: each change is kept, signed by the old and the new one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('network', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='networkkey',
            name='note',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='networkkey',
            name='since',
            field=models.BigIntegerField(default=0),
        ),
    ]
