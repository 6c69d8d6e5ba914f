"""The custody record's REST edge: the newest heads, for whoever wants to keep them."""

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.http import actor_of
from apps.accounts.permissions import require
from apps.custody.network.selectors import network_head, network_key
from apps.custody.selectors import cosigned, latest_checkpoint, verifier_key, verifier_keys


class CheckpointView(APIView):
    """The signed head of this shipper's log, as a C2SP note: whoever keeps it can tell a rewritten log."""

    @extend_schema(
        operation_id="custody_checkpoint",
        summary="The newest checkpoint of the custody log",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        require(actor_of(request), "custody.view")
        checkpoint = latest_checkpoint()
        if checkpoint is None:
            raise Http404("Nothing is in the custody log yet.")
        return _note(cosigned(checkpoint), verifier_key())


class NetworkCheckpointView(APIView):
    """The signed head of the network's log, as a C2SP note: who keeps it pins the logs of all shippers."""

    @extend_schema(
        operation_id="custody_network_checkpoint",
        summary="The newest checkpoint of the network's log",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        require(actor_of(request), "custody.view")
        head = network_head()
        if head is None:
            raise Http404("Nothing is in the network's log yet.")
        return _note(head.note.encode(), network_key())


def _note(note: bytes, vkey: str | None) -> HttpResponse:
    answer = HttpResponse(note, content_type="text/plain; charset=utf-8")
    answer["X-Custody-Verifier-Key"] = vkey or ""
    answer["Cache-Control"] = "no-store"
    return answer


class KeysView(APIView):
    """The keys that this shipper's log was and is signed with, oldest first, one a line: public, as keys are.

    A bundle carries the signed changes from each to the next; whoever has one key can check them all.
    """

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="custody_keys",
        summary="The verification keys of the custody log",
        auth=[],
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        keys = verifier_keys()
        if not keys:
            raise Http404("Nothing is in the custody log yet.")
        answer = HttpResponse("".join(f"{key}\n" for key in keys), content_type="text/plain; charset=utf-8")
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
