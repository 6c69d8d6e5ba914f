"""Registers of which consignments bear which marks, kept like the rest of the record: rows are only ever added."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("custody_register", "custody_registerentry", "custody_sitemark")
guards = import_module("apps.custody.migrations.0002_append_only").guards

GUARD = [
    *(statement for table in TABLES for statement in guards(table, "UPDATE OR DELETE")),
    # hashes don't shrink, and a path reads a few of them from anywhere: pieces of it must lie as they are
    "ALTER TABLE custody_register ALTER COLUMN tree SET STORAGE EXTERNAL",
]
UNGUARD = [
    f"DROP TRIGGER {trigger} ON {table}"
    for table in TABLES
    for trigger in ("custody_keep_rows", "custody_keep_table")
]


class Migration(migrations.Migration):

    dependencies = [
        ('custody', '0007_append_in_one_call'),
    ]

    operations = [
        migrations.CreateModel(
            name='SiteMark',
            fields=[
                ('pk', models.CompositePrimaryKey('site_id', 'mark', blank=True, editable=False, primary_key=True, serialize=False)),
                ('site_id', models.UUIDField()),
                ('mark', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='Register',
            fields=[
                ('first', models.BigIntegerField(primary_key=True, serialize=False)),
                ('end', models.BigIntegerField(unique=True)),
                ('day', models.DateField()),
                ('salt', models.BinaryField(max_length=32)),
                ('seed', models.BinaryField(max_length=32)),
                ('root', models.BinaryField(max_length=32)),
                ('top', models.PositiveSmallIntegerField()),
                ('tree', models.BinaryField()),
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='register', to='custody.custodyevent')),
            ],
            options={
                'ordering': ['first'],
            },
        ),
        migrations.CreateModel(
            name='RegisterEntry',
            fields=[
                ('pk', models.CompositePrimaryKey('mark', 'register', blank=True, editable=False, primary_key=True, serialize=False)),
                ('mark', models.TextField()),
                ('consignments', models.JSONField()),
                ('register', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='custody.register')),
            ],
        ),
        migrations.AddConstraint(
            model_name='register',
            constraint=models.CheckConstraint(condition=models.Q(('end__gt', models.F('first'))), name='custody_register_not_empty'),
        ),
        migrations.RunSQL(sql=GUARD, reverse_sql=UNGUARD),
    ]
