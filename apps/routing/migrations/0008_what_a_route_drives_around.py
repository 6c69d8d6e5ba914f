from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0007_promises_to_carriers_not_kept'),
    ]

    operations = [
        migrations.AddField(
            model_name='route',
            name='around',
            field=models.JSONField(default=list),
        ),
    ]
