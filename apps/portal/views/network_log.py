"""The network's log, of all shippers' logs, to take away at the desk and at the hub: its head and its key."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.custody.network.selectors import network_head, network_key
from apps.portal.access import hub_page, shipper_page


def note(request: ActingRequest) -> HttpResponse:
    """The newest signed head: whoever keeps it, of whichever shipper, pins the history of all of them."""
    require(request.actor, "custody.view")
    head = network_head()
    if head is None:
        raise Http404
    return _text(head.note, f"network-{head.size}.note")


def key(request: ActingRequest) -> HttpResponse:
    """The public key that heads of the network's log are checked with."""
    require(request.actor, "custody.view")
    vkey = network_key()
    if vkey is None:
        raise Http404
    return _text(f"{vkey}\n", "network.vkey")


desk_note, desk_key = shipper_page(require_GET(note)), shipper_page(require_GET(key))
hub_note, hub_key = hub_page(require_GET(note)), hub_page(require_GET(key))


def _text(content: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
