"""Places and openings are found by what they say alone, so each event costs four index entries less."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

PLACES = """
ALTER TABLE custody_consignmentsequence
    DROP COLUMN id, DROP COLUMN created_at, DROP CONSTRAINT custody_position_once,
    ADD PRIMARY KEY (consignment, position)
"""
OPENINGS = """
ALTER TABLE custody_disclosure
    DROP COLUMN id, DROP COLUMN created_at, DROP CONSTRAINT disclosure_once, ADD PRIMARY KEY (event_id, path)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('custody', '0005_log_events_with_grants'),
    ]

    operations = [
        migrations.AlterField(
            model_name='disclosure',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='disclosures', to='custody.custodyevent'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(PLACES), migrations.RunSQL(OPENINGS)],
            state_operations=[
                migrations.RemoveConstraint(model_name='consignmentsequence', name='custody_position_once'),
                migrations.RemoveField(model_name='consignmentsequence', name='id'),
                migrations.RemoveField(model_name='consignmentsequence', name='created_at'),
                migrations.AddField(
                    model_name='consignmentsequence',
                    name='pk',
                    field=models.CompositePrimaryKey('consignment', 'position', blank=True, editable=False, primary_key=True, serialize=False),
                ),
                migrations.RemoveConstraint(model_name='disclosure', name='disclosure_once'),
                migrations.RemoveField(model_name='disclosure', name='id'),
                migrations.RemoveField(model_name='disclosure', name='created_at'),
                migrations.AddField(
                    model_name='disclosure',
                    name='pk',
                    field=models.CompositePrimaryKey('event', 'path', blank=True, editable=False, primary_key=True, serialize=False),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='custodyevent',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['recorded_at'], name='custody_recorded', pages_per_range=32),
        ),
    ]
