"""The shapes that the API takes and gives: a search's question and answer, appointments, offers, slots."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.appointments.load import Load
from apps.appointments.models import Appointment, AppointmentEvent, Offer, OfferedSlot
from apps.appointments.states import State
from apps.facilities.models import Equipment, LoadType, TemperatureClass, VehicleType

MOST_DAYS = 62
MOST_SITES = 20


class SlotQuery(serializers.Serializer[Any]):
    """What is coming, and on which local days of the site a slot is wanted."""

    first_day = serializers.DateField(required=False, help_text="The site's local day; today without it.")
    days = serializers.IntegerField(default=7, min_value=1, max_value=MOST_DAYS)
    limit = serializers.IntegerField(default=200, min_value=1, max_value=1000)
    preferred = serializers.DateTimeField(
        required=False, help_text="The start that is wanted most; “best” is ranked by it."
    )
    appointment = serializers.UUIDField(required=False, help_text="Its own holds don't stand in the way.")
    load_type = serializers.ChoiceField(LoadType.choices, default=LoadType.PALLETS)
    pallets = serializers.IntegerField(default=0, min_value=0, max_value=10_000)
    lines = serializers.IntegerField(default=0, min_value=0, max_value=100_000)
    weight_kg = serializers.DecimalField(10, 2, default=Decimal(0), min_value=Decimal(0))
    volume_m3 = serializers.DecimalField(8, 3, default=Decimal(0), min_value=Decimal(0))
    temperature_class = serializers.ChoiceField(TemperatureClass.choices, default=TemperatureClass.AMBIENT)
    adr_classes = serializers.CharField(default="", max_length=100, help_text="Comma-separated: 3,8")
    live = serializers.BooleanField(default=True)
    vehicle_length_m = serializers.DecimalField(5, 2, required=False, min_value=Decimal(0))
    vehicle_height_m = serializers.DecimalField(5, 2, required=False, min_value=Decimal(0))
    vehicle_weight_kg = serializers.DecimalField(9, 2, required=False, min_value=Decimal(0))
    tail_lift = serializers.BooleanField(default=False)
    vehicle_type = serializers.ChoiceField(VehicleType.choices, default="", allow_blank=True)
    equipment = serializers.CharField(
        default="",
        max_length=100,
        help_text=f"What unloading needs, comma-separated: {', '.join(Equipment.values)}",
    )

    def validate_equipment(self, value: str) -> str:
        unknown = [name for name in _names(value) if name not in Equipment.values]
        if unknown:
            raise serializers.ValidationError(f"{unknown[0]} is not one of {', '.join(Equipment.values)}.")
        return value

    def load(self) -> Load:
        """The question's load facts."""
        given = {name: self.validated_data.get(name) for name in Load.__dataclass_fields__}
        given |= {name: _names(given[name]) for name in ("adr_classes", "equipment")}
        return Load(**given)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


class SlotSerializer(serializers.Serializer[Any]):
    """One bookable slot; times in the site's zone, with offset."""

    dock_id = serializers.UUIDField()
    dock = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class RankedSlotSerializer(SlotSerializer):
    """A slot by how well it fits; ``score`` in minutes, the lowest is the best."""

    site_id = serializers.UUIDField()
    score = serializers.FloatField()
    minutes_away = serializers.FloatField(help_text="From the preferred start; 0 without one.")
    busy = serializers.FloatField(help_text="Share of the site's dock time in that hour that is taken.")


class DaySerializer(serializers.Serializer[Any]):
    """How many starts a local day has; ``why`` when it has none."""

    day = serializers.DateField()
    starts = serializers.IntegerField()
    why = serializers.CharField(allow_blank=True)


class RefusalSerializer(serializers.Serializer[Any]):
    """A dock that can't take the load, and why."""

    dock_id = serializers.UUIDField()
    dock = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())


class SlotAnswer(serializers.Serializer[Any]):
    """What a search found."""

    site_id = serializers.UUIDField()
    time_zone = serializers.CharField()
    earliest = SlotSerializer(many=True)
    best = RankedSlotSerializer(many=True)
    slots = SlotSerializer(many=True)
    per_day = DaySerializer(many=True)
    refusals = RefusalSerializer(many=True)


class SitesQuery(SlotQuery):
    """The same question to several sites at once."""

    site = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_SITES)


class SitesAnswer(serializers.Serializer[Any]):
    """What several sites can give: the best of all together, then each site's own answer."""

    best = RankedSlotSerializer(many=True)
    sites = SlotAnswer(many=True)


class RangeField(serializers.Field[Any, Any, dict[str, Any] | None, Any]):
    """A time range ``[start, end)`` in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any] | None:
        moment = serializers.DateTimeField()
        return {"start": moment.to_representation(value.lower), "end": moment.to_representation(value.upper)}


class OfferedSlotSerializer(serializers.ModelSerializer[OfferedSlot]):
    dock = serializers.CharField(source="dock.name")
    during = RangeField()

    class Meta:
        model = OfferedSlot
        fields = ["index", "dock_id", "dock", "during", "accepted"]


class OfferSerializer(serializers.ModelSerializer[Offer]):
    slots = OfferedSlotSerializer(many=True)

    class Meta:
        model = Offer
        fields = [
            "id",
            "side",
            "state",
            "message",
            "reason_code",
            "offered_by",
            "created_at",
            "expires_at",
            "slots",
        ]


class StepSerializer(serializers.ModelSerializer[AppointmentEvent]):
    class Meta:
        model = AppointmentEvent
        fields = ["step", "from_state", "to_state", "side", "actor_name", "at", "message", "reason_code"]


class AppointmentSerializer(serializers.ModelSerializer[Appointment]):
    """An appointment as a list shows it."""

    site = serializers.CharField(source="site.name")
    time_zone = serializers.CharField(source="site.time_zone")
    dock = serializers.CharField(source="dock.name", default=None)
    during = RangeField()
    arrival_window = RangeField()
    state = serializers.ChoiceField(State.choices)

    class Meta:
        model = Appointment
        fields = [
            "id",
            "reference",
            "delivery_id",
            "shipper_id",
            "site_id",
            "site",
            "time_zone",
            "state",
            "version",
            "confirmation_number",
            "dock_id",
            "dock",
            "during",
            "arrival_window",
            "must_act",
            "must_act_by",
            "load_type",
            "pallets",
            "weight_kg",
            "temperature_class",
        ]


class AppointmentDetail(AppointmentSerializer):
    """An appointment with every offer and every step."""

    offers = OfferSerializer(many=True)
    history = StepSerializer(source="events", many=True)

    class Meta(AppointmentSerializer.Meta):
        fields = [
            *AppointmentSerializer.Meta.fields,
            "volume_m3",
            "lines",
            "adr_classes",
            "live",
            "vehicle_length_m",
            "vehicle_height_m",
            "vehicle_weight_kg",
            "tail_lift",
            "vehicle_type",
            "equipment",
            "site_version",
            "offers",
            "history",
        ]
