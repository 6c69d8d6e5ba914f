import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("facilities", "0005_handover_settings"),
        ("routing", "0005_routes_begin_where_their_plan_is"),
    ]
    operations = [
        migrations.AlterField(
            model_name="route",
            name="depot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="facilities.site"
            ),
        )
    ]
