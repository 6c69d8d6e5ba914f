"""Tiles of the tree, cosignatures, changes of key, units handed over once, actions of devices; all append only."""

import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models


TABLES = ("custody_logtile", "custody_cosignature", "custody_unithandover", "custody_deviceaction")
GUARD = [
    statement
    for table in TABLES
    for statement in (
        f"CREATE TRIGGER custody_keep_rows BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION custody_refuse_change()",
        f"CREATE TRIGGER custody_keep_table BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER custody_keep_rows",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER custody_keep_table",
    )
]
UNGUARD = [
    f"DROP TRIGGER {trigger} ON {table}"
    for table in TABLES
    for trigger in ("custody_keep_rows", "custody_keep_table")
]


class Migration(migrations.Migration):

    dependencies = [
        ('custody', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='Cosignature',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('size', models.BigIntegerField()),
                ('witness', models.CharField(help_text='Its verification key.', max_length=300)),
                ('line', models.TextField()),
            ],
            options={
                'ordering': ['size', 'witness'],
            },
        ),
        migrations.CreateModel(
            name='DeviceAction',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('device', models.CharField(max_length=200)),
                ('seq', models.BigIntegerField()),
                ('digest', models.BinaryField(max_length=32)),
                ('device_time', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='LogTile',
            fields=[
                ('pk', models.CompositePrimaryKey('level', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('level', models.PositiveSmallIntegerField()),
                ('index', models.BigIntegerField()),
                ('hashes', models.BinaryField()),
                ('root', models.BinaryField(max_length=32)),
            ],
            options={
                'ordering': ['level', 'index'],
            },
        ),
        migrations.CreateModel(
            name='UnitHandover',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('consignment', models.CharField(max_length=40)),
                ('unit', models.CharField(blank=True, max_length=18)),
                ('round', models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='logkey',
            name='note',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='logkey',
            name='since',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name='custodyevent',
            index=models.Index(condition=models.Q(('type', 'pii_erased')), fields=['type'], name='custody_erasures'),
        ),
        migrations.AddConstraint(
            model_name='cosignature',
            constraint=models.UniqueConstraint(fields=('size', 'witness'), name='custody_cosigned_once'),
        ),
        migrations.AddField(
            model_name='deviceaction',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='custody.custodyevent'),
        ),
        migrations.AddField(
            model_name='unithandover',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='custody.custodyevent'),
        ),
        migrations.AddConstraint(
            model_name='deviceaction',
            constraint=models.UniqueConstraint(fields=('device', 'seq'), name='custody_action_once'),
        ),
        migrations.AddConstraint(
            model_name='unithandover',
            constraint=models.UniqueConstraint(fields=('consignment', 'unit', 'round'), name='custody_unit_handed_over_once'),
        ),
        migrations.RunSQL(sql=GUARD, reverse_sql=UNGUARD),
    ]
