"""One delivery as somebody without an account follows it: when it comes, what it brings, its papers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.consignments.models import Consignment
from apps.deliveries.models import Delivery, DeliveryEvent
from apps.deliveries.selectors import Visit
from apps.deliveries.states import State
from apps.documents.models import Document
from apps.documents.selectors import ChecklistLine
from apps.facilities.models.demands import OF_THE_HANDOVER
from apps.portal.presenters.driving import STATE_OF
from apps.portal.presenters.expected import expected_of
from apps.portal.presenters.papers import papers
from apps.portal.presenters.sites import address
from apps.tracking.selectors import Whereabouts

Context = dict[str, Any]
#: What each step is called to whoever waits for the goods.
TOLD = {
    State.LOADED: gettext_lazy("Loaded"),
    State.IN_TRANSIT: gettext_lazy("Left the shipper"),
    State.ARRIVED: gettext_lazy("At the gate"),
    State.UNLOADING: gettext_lazy("At the dock"),
    State.DELIVERED: gettext_lazy("Handed over"),
    State.REFUSED: gettext_lazy("Refused"),
    State.FAILED: gettext_lazy("Could not be delivered"),
    State.CANCELLED: gettext_lazy("Cancelled"),
}


def page(
    visit: Visit,
    *,
    events: Iterable[DeliveryEvent],
    consignments: Sequence[Consignment],
    lines: Iterable[ChecklistLine],
    documents: Sequence[Document],
    here: Whereabouts | None,
    token: str,
    now: datetime,
) -> Context:
    """Context of the page; ``documents`` are those that it gives out."""
    delivery, appointment = visit.delivery, visit.appointment
    state = State(delivery.state)
    given_out = {document.pk for document in documents}
    entries = papers(
        lines,
        documents,
        url=lambda key: reverse("desk:track_paper", args=[token, key]) if key in given_out else "",
        preview=lambda key: "",
    )
    return {
        "delivery": delivery,
        "pickup": _pickup(delivery) if delivery.format == Delivery.Format.PICKUP else None,
        "site": delivery.site,
        "zone": delivery.site.time_zone,
        "address": address(delivery.site),
        "state": STATE_OF[state],
        "state_label": _("Not on its way yet") if state in (State.OPEN, State.LOADED) else state.label,
        "appointment": appointment if visit.is_confirmed else None,
        "expected": expected_of(appointment),
        "here": _here(here) if here else None,
        "consignments": consignments,
        "papers": [entry for entry in entries if entry["is_demanded"] or entry["url"]],
        "steps": [
            {"state": STATE_OF[State(event.to_state)], "what": TOLD[State(event.to_state)], "at": event.at}
            for event in events
            if event.to_state in TOLD
        ],
        "now": now,
    }


def with_the_goods(documents: Iterable[Document]) -> list[Document]:
    """The newest released paper of each kind that goes with the goods; ``documents`` come newest first.

    What comes of the handover has signatures and faces on it, and is for the parties alone.
    """
    newest: dict[str, Document] = {}
    for document in documents:
        if document.is_released and document.document_type not in OF_THE_HANDOVER:
            newest.setdefault(document.document_type, document)
    return list(newest.values())


def contact_of(delivery: Delivery) -> str:
    """Whom the recipient calls, as the shipper's own site names it."""
    return ", ".join(part for part in (delivery.origin.contact_name, delivery.origin.contact_phone) if part)


def _here(here: Whereabouts) -> Context:
    kilometres = max(1, round(here.metres_away / 1000))
    return {
        "at": here.at,
        "away": _("about %(n)s km away in a straight line") % {"n": formats.number_format(kilometres)},
        "map_url": f"geo:{here.latitude:.5f},{here.longitude:.5f}",
    }


def _pickup(delivery: Delivery) -> Context:
    """Where it is collected, since when it stands ready there and how long; the code goes by mail alone."""
    return {
        "place": delivery.origin.name,
        "address": address(delivery.origin),
        "ready_at": delivery.ready_at,
        "last_day": delivery.last_day,
    }
