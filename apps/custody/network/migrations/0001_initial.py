"""The network's log: its entries, tree, key and heads, guarded like a shipper's record."""

import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models


TABLES = ("network_networkentry", "network_networknode", "network_networkkey", "network_networkcheckpoint")
GUARD = [
    """
CREATE FUNCTION network_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: the network''s log is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
""",
    *(
        statement
        for table in TABLES
        for statement in (
            f"CREATE TRIGGER network_keep_rows BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION network_refuse_change()",
            f"CREATE TRIGGER network_keep_table BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION network_refuse_change()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER network_keep_rows",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER network_keep_table",
        )
    ),
]
UNGUARD = [
    *(f"DROP TRIGGER {trigger} ON {table}" for table in TABLES for trigger in ("network_keep_rows", "network_keep_table")),
    "DROP FUNCTION network_refuse_change()",
]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenancy', '0002_current_shipper'),
    ]

    operations = [
        migrations.CreateModel(
            name='NetworkCheckpoint',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('day', models.DateField(unique=True)),
                ('root', models.BinaryField(max_length=32)),
                ('note', models.TextField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['size'],
            },
        ),
        migrations.CreateModel(
            name='NetworkKey',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('vkey', models.CharField(max_length=300, unique=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='NetworkNode',
            fields=[
                ('pk', models.CompositePrimaryKey('level', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('level', models.PositiveSmallIntegerField()),
                ('index', models.BigIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='NetworkEntry',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('index', models.BigIntegerField(unique=True)),
                ('day', models.DateField()),
                ('size', models.BigIntegerField()),
                ('root', models.BinaryField(max_length=32)),
                ('salt', models.BinaryField(max_length=32)),
                ('shipper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shipper')),
            ],
            options={
                'ordering': ['index'],
                'constraints': [models.UniqueConstraint(fields=('shipper', 'day'), name='network_entry_once_a_day')],
            },
        ),
        migrations.RunSQL(sql=GUARD, reverse_sql=UNGUARD),
    ]
