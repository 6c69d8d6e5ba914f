"""The shapes that the tendering API takes and gives: a tender, its route, and the two answers."""

from typing import Any

from rest_framework import serializers

from apps.routing.models import Route, Stop
from apps.tendering.models import Tender
from apps.tendering.states import ReasonCode, State


class TenderStopSerializer(serializers.ModelSerializer[Stop]):
    """One stop; times in UTC."""

    site = serializers.CharField(source="delivery.site.name")
    city = serializers.CharField(source="delivery.site.city")
    dock = serializers.CharField(source="dock.name")
    slot_start = serializers.DateTimeField(source="slot.lower")
    slot_end = serializers.DateTimeField(source="slot.upper")
    pallets = serializers.IntegerField(source="delivery.pallets")
    weight_kg = serializers.DecimalField(10, 2, source="delivery.weight_kg")

    class Meta:
        model = Stop
        fields = ["position", "site", "city", "dock", "slot_start", "slot_end", "arrives_at"]
        fields += ["pallets", "weight_kg"]


class TenderedRouteSerializer(serializers.ModelSerializer[Route]):
    """The route that is offered, as far as whoever drives it has to know it."""

    day = serializers.DateField(source="plan.day")
    origin = serializers.CharField(source="depot.name")
    time_zone = serializers.CharField(source="plan.site.time_zone")

    class Meta:
        model = Route
        fields = ["id", "number", "day", "origin", "time_zone", "departs_at", "returns_at", "distance_m"]


class OfferedTender(serializers.ModelSerializer[Tender]):
    """A tender as the carrier sees it: nothing of how it was ranked or who else is asked."""

    state = serializers.ChoiceField(State.choices)
    carrier = serializers.CharField(source="carrier.name")
    vehicle = serializers.CharField(source="vehicle.plate")
    driver = serializers.CharField(source="driver.name", default=None)
    route = TenderedRouteSerializer(source="tendering.route")
    stops = TenderStopSerializer(source="tendering.route.stops", many=True)

    class Meta:
        model = Tender
        fields = ["id", "state", "version", "carrier", "vehicle_id", "vehicle", "driver_id", "driver"]
        fields += ["price_cents", "currency", "sent_at", "expires_at", "answered_at", "answered_by"]
        fields += ["reason_code", "note", "route", "stops"]


class TenderSerializer(OfferedTender):
    """A tender as its shipper sees it."""

    class Meta(OfferedTender.Meta):
        fields = [
            *OfferedTender.Meta.fields,
            "tendering_id",
            "carrier_id",
            "rank",
            "weighed_cents",
            "reasons",
        ]


class AcceptSerializer(serializers.Serializer[Any]):
    """Accepting: without a vehicle the one that was proposed drives, without a driver one who is free."""

    vehicle_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    driver_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class DeclineSerializer(serializers.Serializer[Any]):
    """Declining: why."""

    reason = serializers.ChoiceField(ReasonCode.choices)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
