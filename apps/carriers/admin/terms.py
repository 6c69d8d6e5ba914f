"""What carriers charge and what was promised to them, at the desk's admin."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.carriers.admin.bulk import Ending
from apps.carriers.admin.ruled import Ruled
from apps.carriers.forms import CommitmentForm, TariffForm, TariffFormSet, TariffInlineForm, period_in_words
from apps.carriers.models import Commitment, Tariff
from apps.carriers.papers import CommitmentSheet
from apps.carriers.sheets import TariffSheet
from apps.core.admin_exchange import Exchange
from apps.core.admin_history import FieldHistory


class TariffInline(Ruled, RuledInline, StackedInline):
    model = Tariff
    form = TariffInlineForm
    formset = TariffFormSet
    extra = 0
    tab = True
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("vehicle_class", "currency"),
                    "valid",
                    ("per_route", "minimum"),
                    ("per_km", "per_hour"),
                    ("per_stop", "per_pallet"),
                    "per_waiting_hour",
                ]
            },
        )
    ]


class CommitmentInline(Ruled, RuledInline, TabularInline):
    model = Commitment
    form = CommitmentForm
    extra = 0
    tab = True
    hide_title = True
    fields = ["measure", "period", "at_least", "at_most", "shortfall", "valid"]


class ValidOn(admin.SimpleListFilter):
    """Tariffs and commitments by whether they are valid now."""

    title = gettext_lazy("validity")
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", _("Valid today")), ("later", _("Not yet")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today: date = timezone.now().date()
        conditions = {
            "now": Q(valid__contains=today),
            "later": Q(valid__startswith__gt=today),
            "over": Q(valid__endswith__lte=today),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


@admin.register(Tariff, site=desk_admin_site)
class TariffAdmin(Ruled, FieldHistory, Exchange, RuledAdmin, Ending, ModelAdmin):
    resource_classes = [TariffSheet]
    form = TariffForm
    list_display = [
        "carrier",
        "vehicle_class",
        "period",
        "route",
        "km",
        "hour",
        "stop",
        "pallet",
        "waiting",
        "least",
        "currency",
    ]
    list_filter = [ValidOn, "vehicle_class", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["carrier__name"]
    search_help_text = gettext_lazy("Carrier")
    autocomplete_fields = ["carrier"]
    actions = ["end"]
    fieldsets = [
        (None, {"fields": [("carrier", "vehicle_class"), "valid", "currency"]}),
        (
            gettext_lazy("Charges"),
            {
                "fields": [
                    ("per_route", "minimum"),
                    ("per_km", "per_hour"),
                    ("per_stop", "per_pallet"),
                    "per_waiting_hour",
                ]
            },
        ),
    ]

    @admin.display(description=gettext_lazy("Valid"), ordering="valid")
    def period(self, tariff: Tariff) -> str:
        return period_in_words(tariff.valid)

    @admin.display(description=gettext_lazy("Per route"), ordering="per_route")
    def route(self, tariff: Tariff) -> str:
        return _amount(tariff.per_route)

    @admin.display(description=gettext_lazy("Per km"), ordering="per_km")
    def km(self, tariff: Tariff) -> str:
        return _amount(tariff.per_km)

    @admin.display(description=gettext_lazy("Per hour"), ordering="per_hour")
    def hour(self, tariff: Tariff) -> str:
        return _amount(tariff.per_hour)

    @admin.display(description=gettext_lazy("Per stop"), ordering="per_stop")
    def stop(self, tariff: Tariff) -> str:
        return _amount(tariff.per_stop)

    @admin.display(description=gettext_lazy("Per pallet"), ordering="per_pallet")
    def pallet(self, tariff: Tariff) -> str:
        return _amount(tariff.per_pallet)

    @admin.display(description=gettext_lazy("Waiting, per hour"), ordering="per_waiting_hour")
    def waiting(self, tariff: Tariff) -> str:
        return _amount(tariff.per_waiting_hour)

    @admin.display(description=gettext_lazy("Minimum"), ordering="minimum")
    def least(self, tariff: Tariff) -> str:
        return _amount(tariff.minimum)


@admin.register(Commitment, site=desk_admin_site)
class CommitmentAdmin(Ruled, FieldHistory, Exchange, RuledAdmin, Ending, ModelAdmin):
    resource_classes = [CommitmentSheet]
    form = CommitmentForm
    list_display = ["carrier", "measure", "per", "at_least", "at_most", "period_in_words"]
    list_filter = [ValidOn, "measure", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["carrier__name"]
    search_help_text = gettext_lazy("Carrier")
    autocomplete_fields = ["carrier"]
    actions = ["end"]
    fields = ["carrier", ("measure", "period"), ("at_least", "at_most"), "shortfall", "valid"]

    @admin.display(description=gettext_lazy("Each"), ordering="period")
    def per(self, commitment: Commitment) -> str:
        return commitment.get_period_display()

    @admin.display(description=gettext_lazy("Valid"), ordering="valid")
    def period_in_words(self, commitment: Commitment) -> str:
        return period_in_words(commitment.valid)


def _amount(cents: int) -> str:
    return f"{cents / 100:,.2f}" if cents else "–"
