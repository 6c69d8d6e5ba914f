"""What each consignment of a delivery may see on its way, set by the planner before it leaves."""

from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.consignments.ranges import RangeUnreadable, read_range, worded_range, written_range
from apps.deliveries import services
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.temperatures import RANGES
from apps.portal.access import desk_page
from apps.portal.views.asking import Done, ask, of_delivery


class RangesForm(forms.Form):
    """One field for each consignment, named by its id."""

    def __init__(self, *args: Any, consignments: list[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        for each in consignments:
            of_class = worded_range(RANGES.get(each.temperature_class, (None, None)))
            self.fields[str(each.pk)] = forms.CharField(
                label=f"{each.number}, {each.get_temperature_class_display()}",
                required=False,
                max_length=40,
                initial=written_range(each.temperature_range),
                help_text=_("As in 2 to 8, or to -15. Blank: %(range)s, by its class.")
                % {"range": of_class or _("no limits")},
            )

    def clean(self) -> dict[str, Any]:
        """Each field is a range or blank."""
        typed: dict[str, Any] = super().clean() or {}
        for name, text in list(typed.items()):
            try:
                read_range(text)
            except RangeUnreadable as error:
                self.add_error(name, f"“{text}” {error}.")
        return typed


@desk_page
@require_http_methods(["GET", "POST"])
def temperature(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Set the temperature ranges of a delivery's consignments."""
    delivery = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    consignments = [ride.consignment for ride in delivery.rides.select_related("consignment")]
    form = RangesForm(request.POST if request.method == "POST" else None, consignments=consignments)

    @transaction.atomic
    def act() -> Done:
        for name, text in form.cleaned_data.items():
            services.set_temperature_range(
                actor=request.actor,
                delivery_id=delivery.pk,
                consignment_id=UUID(name),
                text=text,
                now=timezone.now(),
            )
        return Done(_("The temperature ranges are set."))

    return ask(
        request,
        form,
        act,
        **of_delivery(request, delivery),
        title=_("Temperature on the way"),
        needs=_("Readings at the dock and a logger’s table are held to these ranges."),
        verb=_("Set the ranges"),
    )
