"""EPCIS 2.0's REST interface at a shipper's host: capture jobs, events and vocabularies, by a key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import problem
from apps.custody.canonical import format_time
from apps.custody.renditions import epcis
from apps.custody.selectors import log_origin
from apps.custody.services import note_access
from apps.integrations.errors import (
    CaptureTooLarge,
    EpcisError,
    NoSuchResource,
    NotAcceptable,
    QueryParameterWrong,
)
from apps.integrations.models import ApiKey, Capture, Scope
from apps.integrations.querying import (
    TOKEN_LIVES,
    Page,
    Query,
    event_by_id,
    events_open_to,
    page_of,
    query_of,
)
from apps.integrations.services import accept_capture, capture_one, find_key
from apps.integrations.services.capturing import MOST_BYTES, MOST_EVENTS
from apps.integrations.services.keys import actor_of_key
from apps.integrations.vocabularies import CLOSED, values_of, vocabulary
from apps.tenancy.doorway import current_shipper, in_network

#: The standard's exceptions by what this framework raises.
EXCEPTIONS = {401: "SecurityException", 403: "SecurityException", 404: "NoSuchResourceException"}
#: Query parameters of the resources below which a vocabulary's events lie.
RESOURCES = {
    "eventTypes": "eventType",
    "bizSteps": "EQ_bizStep",
    "dispositions": "EQ_disposition",
    "epcs": "MATCH_anyEPC",
    "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint",
}
TOP_LEVEL = ("capture", "events", "queries", *RESOURCES)
JOBS = 30
VERSION = "2.0.0"


class LinkedJson(JSONRenderer):
    media_type = "application/ld+json"


class LinkedJsonParser(JSONParser):
    media_type = "application/ld+json"


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer`` and a key of the shipper whose host is asked."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or in_network():
            return None
        key = find_key(token.strip(), now=timezone.now())
        if key is None:
            raise exceptions.AuthenticationFailed("This key opens nothing here. Ask the shipper for another.")
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="EPCIS"'


class KeyScheme(OpenApiAuthenticationExtension):
    """How the API's description names the key."""

    target_class = "apps.integrations.api.KeyAuthentication"
    name = "systemKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class HasScope(BasePermission):
    """The key is good for what the view does: capturing, or asking."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise exceptions.NotAuthenticated("Send a key: Authorization: Bearer and its token.")
        scopes: dict[str, str] = getattr(view, "scopes", {})
        return scopes.get(request.method or "", Scope.QUERY) in request.auth.scopes


class EpcisView(APIView):
    """What the interface's resources share: keys, versions, formats, problems by the standard's names."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [HasScope]
    renderer_classes = [JSONRenderer, LinkedJson]
    parser_classes = [JSONParser, LinkedJsonParser]
    scopes: ClassVar[dict[str, str]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """
        Raises:
            NotAcceptable: the client speaks only versions of EPCIS or CBV before or after ours.
        """
        super().initial(request, *args, **kwargs)
        for name in ("EPCIS", "CBV"):
            least = _version(request.headers.get(f"GS1-{name}-Min", VERSION))
            most = _version(request.headers.get(f"GS1-{name}-Max", VERSION))
            if not least <= _version(VERSION) <= most:
                raise NotAcceptable(f"{name} {VERSION} is spoken here.")

    def get_exception_handler(self) -> Any:
        return _problem

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["GS1-EPCIS-Version"] = answer["GS1-CBV-Version"] = VERSION
        answer["Cache-Control"] = "private, no-store"
        return answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Which versions and limits hold; no document is described."""
        answer = Response(status=204)
        for name in ("EPCIS", "CBV"):
            answer[f"GS1-{name}-Min"] = answer[f"GS1-{name}-Max"] = VERSION
        answer["GS1-EPC-Format"] = "Always_GS1_Digital_Link"
        answer["GS1-CBV-XML-Format"] = "Always_Web_URI"
        answer["GS1-EPCIS-Capture-Limit"] = str(MOST_EVENTS)
        answer["GS1-EPCIS-Capture-File-Size-Limit"] = str(MOST_BYTES)
        answer["Allow"] = ", ".join(self.allowed_methods)
        return answer


class RootView(EpcisView):
    """The resources that there are."""

    @extend_schema(operation_id="epcis_root", responses=dict, tags=["epcis"])
    def get(self, request: Request) -> Response:
        return Response(_collection(TOP_LEVEL))


class CaptureView(EpcisView):
    """Documents of events that are handed in, and how they went."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.CAPTURE, "POST": Scope.CAPTURE}

    @extend_schema(operation_id="epcis_capture", request=dict, responses={202: None}, tags=["epcis"])
    def post(self, request: Request) -> Response:
        """Take a document; its job says what became of each event."""
        _limit(request)
        behaviour = request.headers.get("GS1-Capture-Error-Behaviour", Capture.Behaviour.ROLLBACK)
        capture = accept_capture(
            key=key_of(request), document=request.data, behaviour=behaviour, now=timezone.now()
        )
        answer = Response(status=202)
        answer["Location"] = request.build_absolute_uri(reverse("epcis:capture_job", args=[capture.pk]))
        return answer

    @extend_schema(operation_id="epcis_captures", responses=dict, tags=["epcis"])
    def get(self, request: Request) -> Response:
        """The newest jobs of this key."""
        return Response([_job(each) for each in key_of(request).captures.all()[:JOBS]])


class CaptureJobView(EpcisView):
    """One capture job."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.CAPTURE}

    @extend_schema(operation_id="epcis_capture_job", responses=dict, tags=["epcis"])
    def get(self, request: Request, capture_id: Any) -> Response:
        capture = key_of(request).captures.filter(pk=capture_id).first()
        if capture is None:
            raise NoSuchResource("This key has no such capture job.")
        return Response(_job(capture))


class EventsView(EpcisView):
    """Events asked for by the standard's query parameters, or one handed in."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.CAPTURE}

    @extend_schema(operation_id="epcis_events", responses=dict, tags=["epcis"])
    def get(self, request: Request, resource: str = "", value: str = "") -> Response:
        parameters = parameters_of(request)
        if resource:
            if resource not in RESOURCES:
                raise NoSuchResource(f"There is no {resource} here.")
            parameters[RESOURCES[resource]] = [value]
        query = query_of(parameters)
        return answer_page(request, page_of(query, events_open_to(key_of(request))), query)

    @extend_schema(operation_id="epcis_capture_event", request=dict, responses={201: None}, tags=["epcis"])
    def post(self, request: Request) -> Response:
        _limit(request)
        captured = capture_one(key=key_of(request), event=request.data, now=timezone.now())
        answer = Response(status=201)
        answer["Location"] = request.build_absolute_uri(reverse("epcis:event", args=[captured.epcis_id]))
        return answer


class EventView(EpcisView):
    """One event by its id."""

    @extend_schema(operation_id="epcis_event", responses=dict, tags=["epcis"])
    def get(self, request: Request, event_id: str) -> Response:
        found = event_by_id(event_id, events_open_to(key_of(request)))
        if not found:
            raise NoSuchResource("There is no event with this id.")
        note_access(actor=actor_of_key(key_of(request)), what="EPCIS events", now=timezone.now())
        return Response({"@context": epcis.context(_log()), **found[-1]})


class ValuesView(EpcisView):
    """The event types, steps and dispositions that there can be; the EPCs and places that there are."""

    @extend_schema(operation_id="epcis_values", responses=dict, tags=["epcis"])
    def get(self, request: Request, resource: str) -> Response:
        asked = request.query_params
        if others := sorted(set(asked) - {"perPage", "nextPageToken"}):
            raise QueryParameterWrong(f"{others[0]} is not supported here; perPage and nextPageToken are.")
        page = values_of(
            resource,
            events_open_to(key_of(request)),
            _log(),
            per_page=asked.get("perPage", ""),
            token=asked.get("nextPageToken", ""),
        )
        return _linked(request, Response(_collection(page.members)), page.next_token, timezone.now())


class ValueView(EpcisView):
    """What lies below one value: its events."""

    @extend_schema(operation_id="epcis_value", responses=dict, tags=["epcis"])
    def get(self, request: Request, resource: str, value: str) -> Response:
        if resource in CLOSED and value not in vocabulary(resource):
            raise NoSuchResource(f"No event here has {value}.")
        return Response(_collection(["events"]))


class PageTokenView(EpcisView):
    """Page tokens end by themselves after a day; they are kept nowhere and can't be ended before."""

    @extend_schema(operation_id="epcis_end_page_token", responses={501: None}, tags=["epcis"])
    def delete(self, request: Request, token: str) -> Response:
        return Response(status=501)


def _collection(members: Sequence[str]) -> dict[str, Any]:
    return {"@context": epcis.CONTEXT_URL, "type": "Collection", "member": list(members)}


def parameters_of(request: Request) -> dict[str, list[str]]:
    """The query parameters of a request, each with all its values."""
    return {name: request.query_params.getlist(name) for name in request.query_params}


def answer_page(request: Request, page: Page, query: Query, *, name: str = "SimpleEventQuery") -> Response:
    """A page of events, with the way to the next; the first one asked for is an access on record."""
    if not query.token:
        note_access(actor=actor_of_key(key_of(request)), what="EPCIS events", now=timezone.now())
    now = timezone.now()
    answer = Response(epcis.query_document(_log(), format_time(now), name, page.events))
    return _linked(request, answer, page.next_token, now)


def _linked(request: Request, answer: Response, token: str, now: datetime) -> Response:
    """The answer with the address of the page after it, where there is one."""
    if token:
        asked = [
            (name, value)
            for name, values in parameters_of(request).items()
            if name != "nextPageToken"
            for value in values
        ]
        query = urlencode([*asked, ("nextPageToken", token)])
        answer["Link"] = f'<{request.build_absolute_uri(request.path)}?{query}>; rel="next"'
        answer["GS1-Next-Page-Token-Expires"] = format_time(now + TOKEN_LIVES)
    return answer


def _job(capture: Capture) -> dict[str, Any]:
    """A capture job as the standard writes it (EPCIS 2.0, section 12.6.2)."""
    job = {
        "captureID": str(capture.pk),
        "createdAt": format_time(capture.received_at),
        "running": capture.finished_at is None,
        "success": not capture.errors,  # so far
        "captureErrorBehaviour": capture.behaviour,
        "errors": capture.errors,
    }
    return job | ({"finishedAt": format_time(capture.finished_at)} if capture.finished_at else {})


def _problem(error: Exception, context: dict[str, Any]) -> Response | None:
    answer = problem(error, context)
    if answer is None:
        return None
    named = error.exception if isinstance(error, EpcisError) else EXCEPTIONS.get(answer.status_code, "")
    answer.data["type"] = f"epcisException:{named or 'ValidationException'}"
    return answer


def _version(text: str) -> list[int]:
    """
    Raises:
        NotAcceptable: it is no version.
    """
    try:
        parts = [int(each) for each in text.strip().split(".")]
    except ValueError as error:
        raise NotAcceptable(f"“{text[:20]}” is no version, as 2.0.0 is one.") from error
    return [*parts, 0, 0][:3]


def _limit(request: Request) -> None:
    """
    Raises:
        CaptureTooLarge: the body has more bytes than one capture takes.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise CaptureTooLarge(f"At most {MOST_BYTES} bytes are taken at once; split the document.")


def key_of(request: Request) -> ApiKey:
    """The key that a request came with."""
    assert isinstance(request.auth, ApiKey)
    return request.auth


def _log() -> str:
    return log_origin(current_shipper())
