"""Slots that are kept for whoever is choosing them stand in the ledger, for the search and for a site's limits.

Three functions learn of them: what is busy (0002), which limits are full (0005), how far they are used up (0008).
"""

from importlib import import_module

import apps.core.ids
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

BUSY = import_module("apps.appointments.migrations.0002_calendar").BUSY
LIMITS = import_module("apps.appointments.migrations.0005_calendar_of_rules").LIMITS
ROOM = import_module("apps.appointments.migrations.0008_room_of_limits").ROOM


def changed(function, *changes):
    """The function's statement as a replacement, with each piece of it exchanged; a piece that isn't there is an error."""
    statement = function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
    for before, after in changes:
        if statement.count(before) != 1:
            raise ValueError(f"not once in the function: {before}")
        statement = statement.replace(before, after)
    return statement


# A picking for which there is no appointment yet stands in the way under its own id, as the appointment would.
NEW_BUSY = changed(
    BUSY,
    (
        "o.appointment_id IS DISTINCT FROM besides",
        "coalesce(o.appointment_id, o.picking_id) IS DISTINCT FROM besides",
    ),
)

# What is picked for an appointment is one visit with it, and counted by the rows above.
PICKED = """
        UNION ALL
        SELECT p.id, p.pallets, p.shipper_id,{adr} o.during,
               lower(o.during) + make_interval(mins => d.setup_minutes) AS begins
          FROM public.appointments_picking p
          JOIN public.appointments_dockoccupancy o ON o.picking_id = p.id AND o.during && span
          JOIN public.facilities_dock d ON d.id = o.dock_id
         WHERE p.site_id = wanted_site AND p.appointment_id IS NULL AND o.hold_expires_at > at{besides}"""
NEW_LIMITS = changed(
    LIMITS,
    (
        "AND (besides IS NULL OR a.id <> besides)",
        "AND (besides IS NULL OR a.id <> besides)"
        + PICKED.format(adr=" p.adr_classes,", besides=" AND (besides IS NULL OR p.id <> besides)"),
    ),
)
NEW_ROOM = changed(
    ROOM,
    (
        "AND (o.hold_expires_at IS NULL OR o.hold_expires_at > at)",
        "AND (o.hold_expires_at IS NULL OR o.hold_expires_at > at)" + PICKED.format(adr="", besides=""),
    ),
)


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0015_expected_arrivals'),
        ('facilities', '0005_handover_settings'),
        ('tenancy', '0002_current_shipper'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PickedSlot',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('lane', models.PositiveSmallIntegerField()),
                ('during', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('occupies', django.contrib.postgres.fields.ranges.DateTimeRangeField(help_text="With the dock's time before and after the vehicle.")),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Picking',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('load_type', models.CharField(choices=[('pallets', 'Pallets'), ('parcels', 'Parcels'), ('bulk', 'Bulk'), ('container', 'Container')], default='pallets', max_length=10)),
                ('pallets', models.PositiveIntegerField(default=0)),
                ('weight_kg', models.DecimalField(decimal_places=2, default=0, max_digits=10)),
                ('volume_m3', models.DecimalField(decimal_places=3, default=0, max_digits=8)),
                ('lines', models.PositiveIntegerField(default=0)),
                ('temperature_class', models.CharField(choices=[('ambient', 'Ambient'), ('chilled', 'Chilled, 2–8 °C'), ('frozen', 'Frozen')], default='ambient', max_length=10)),
                ('adr_classes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, size=None)),
                ('live', models.BooleanField(default=True)),
                ('vehicle_length_m', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ('vehicle_height_m', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ('vehicle_weight_kg', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('tail_lift', models.BooleanField(default=False)),
                ('vehicle_type', models.CharField(blank=True, choices=[('van', 'Van'), ('rigid', 'Rigid truck'), ('articulated', 'Articulated truck'), ('drawbar', 'Truck with drawbar trailer')], db_default='', max_length=12)),
                ('equipment', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, db_default=[], default=list, size=None)),
                ('side', models.CharField(choices=[('shipper', 'Shipper'), ('recipient', 'Recipient'), ('network', 'Network')], max_length=10)),
                ('delivery_id', models.UUIDField(help_text="The delivery in the shipper's schema.")),
                ('reference', models.CharField(max_length=60)),
                ('extended_at', models.DateTimeField(blank=True, help_text='When the person asked for more time.', null=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='dockoccupancy',
            name='occupancy_belongs',
        ),
        migrations.AddField(
            model_name='pickedslot',
            name='dock',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.dock'),
        ),
        migrations.AddField(
            model_name='picking',
            name='appointment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='pickings', to='appointments.appointment'),
        ),
        migrations.AddField(
            model_name='picking',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='picking',
            name='shipper',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shipper'),
        ),
        migrations.AddField(
            model_name='picking',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='facilities.site'),
        ),
        migrations.AddField(
            model_name='pickedslot',
            name='picking',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slots', to='appointments.picking'),
        ),
        migrations.AddField(
            model_name='dockoccupancy',
            name='picking',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='occupancies', to='appointments.picking'),
        ),
        migrations.AddIndex(
            model_name='dockoccupancy',
            index=models.Index(condition=models.Q(('picking__isnull', False)), fields=['picking'], name='occupancy_picked'),
        ),
        migrations.AddConstraint(
            model_name='dockoccupancy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('appointment', None), ('kind', 'block'), ('picking', None)), models.Q(('appointment__isnull', False), ('kind', 'booking'), ('picking', None)), models.Q(('appointment__isnull', False), ('kind', 'hold'), ('picking', None)), models.Q(('kind', 'hold'), ('picking__isnull', False)), _connector='OR'), name='occupancy_belongs'),
        ),
        migrations.AddConstraint(
            model_name='picking',
            constraint=models.UniqueConstraint(fields=('person', 'shipper', 'delivery_id'), name='picking_once'),
        ),
        migrations.AddConstraint(
            model_name='pickedslot',
            constraint=models.UniqueConstraint(fields=('picking', 'dock', 'during'), name='picked_slot_once'),
        ),
        migrations.RunSQL(NEW_BUSY, changed(BUSY)),
        migrations.RunSQL(NEW_LIMITS, changed(LIMITS)),
        migrations.RunSQL(NEW_ROOM, changed(ROOM)),
    ]
