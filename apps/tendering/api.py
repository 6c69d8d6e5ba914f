"""The tendering room's REST edge: a shipper's tenders with answers to them, a carrier's own by its link."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import Actor
from apps.accounts.http import actor_of
from apps.accounts.permissions import require
from apps.tendering import selectors, services
from apps.tendering.models import Tender
from apps.tendering.serializers import AcceptSerializer, DeclineSerializer, OfferedTender, TenderSerializer
from apps.tendering.services.answering import tender_of_link
from apps.tendering.states import Channel, ReasonCode

BEARER = OpenApiParameter(
    "Authorization", str, OpenApiParameter.HEADER, description="`Bearer` and the token of the mailed link."
)


class TenderFilter(FilterSet):
    class Meta:
        model = Tender
        fields: ClassVar[list[str]] = ["state", "carrier", "tendering"]


class TendersView(ListAPIView[Tender]):
    """Tenders of this shipper, newest first; 3 queries a page."""

    serializer_class = TenderSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = TenderFilter
    queryset = Tender.objects.none()

    def get_queryset(self) -> QuerySet[Tender]:
        require(actor_of(self.request), "tendering.view")
        return selectors.tenders_with_stops()

    @extend_schema(summary="List tenders", tags=["tenders"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class TenderView(APIView):
    """One tender."""

    @extend_schema(summary="Read one tender", responses=TenderSerializer, tags=["tenders"])
    def get(self, request: Request, tender_id: UUID) -> Response:
        require(actor_of(request), "tendering.view")
        return Response(TenderSerializer(selectors.tender_by_id(tender_id)).data)


class AcceptView(APIView):
    """Accept on the carrier's behalf; 409 says what is against it, and nothing has changed."""

    @extend_schema(
        summary="Accept a tender", request=AcceptSerializer, responses=TenderSerializer, tags=["tenders"]
    )
    def post(self, request: Request, tender_id: UUID) -> Response:
        actor = _planner(request)
        selectors.tender_by_id(tender_id)  # whether there is one comes before what is said to it
        services.accept_tender(
            actor=actor,
            tender_id=tender_id,
            now=timezone.now(),
            channel=Channel.API,
            **_read(AcceptSerializer, request),
        )
        return Response(TenderSerializer(selectors.tender_by_id(tender_id)).data)


class DeclineView(APIView):
    """Decline on the carrier's behalf; the next carrier is asked."""

    @extend_schema(
        summary="Decline a tender", request=DeclineSerializer, responses=TenderSerializer, tags=["tenders"]
    )
    def post(self, request: Request, tender_id: UUID) -> Response:
        actor = _planner(request)
        selectors.tender_by_id(tender_id)  # whether there is one comes before what is said to it
        said = _read(DeclineSerializer, request)
        services.decline_tender(
            actor=actor,
            tender_id=tender_id,
            reason=ReasonCode(said["reason"]),
            note=said["note"],
            now=timezone.now(),
            channel=Channel.API,
        )
        return Response(TenderSerializer(selectors.tender_by_id(tender_id)).data)


class CarriersView(APIView):
    """For a carrier's own software, which shows the token of the link that was mailed to it; no session."""

    authentication_classes = []
    permission_classes = [AllowAny]


class OfferedView(CarriersView):
    """The route that the link offers; reading changes nothing."""

    @extend_schema(
        summary="Read the tender of a link", parameters=[BEARER], responses=OfferedTender, tags=["carriers"]
    )
    def get(self, request: Request) -> Response:
        return _offered(tender_of_link(_token(request), now=timezone.now()))


class OfferedAcceptView(CarriersView):
    """Accept the route; the link is used up."""

    @extend_schema(
        summary="Accept the tender of a link",
        parameters=[BEARER],
        request=AcceptSerializer,
        responses=OfferedTender,
        tags=["carriers"],
    )
    def post(self, request: Request) -> Response:
        tender_of_link(_token(request), now=timezone.now())  # whose link it is comes before what is said
        said = _read(AcceptSerializer, request)
        return _offered(
            services.accept_by_link(token=_token(request), now=timezone.now(), channel=Channel.API, **said)
        )


class OfferedDeclineView(CarriersView):
    """Decline the route; the link is used up."""

    @extend_schema(
        summary="Decline the tender of a link",
        parameters=[BEARER],
        request=DeclineSerializer,
        responses=OfferedTender,
        tags=["carriers"],
    )
    def post(self, request: Request) -> Response:
        tender_of_link(_token(request), now=timezone.now())
        said = _read(DeclineSerializer, request)
        return _offered(
            services.decline_by_link(
                token=_token(request),
                reason=ReasonCode(said["reason"]),
                note=said["note"],
                now=timezone.now(),
                channel=Channel.API,
            )
        )


def _planner(request: Request) -> Actor:
    actor = actor_of(request)
    if actor is None:
        raise NotAuthenticated
    require(actor, "tendering.manage")
    return actor


def _offered(tender: Tender) -> Response:
    return Response(OfferedTender(tender).data, headers={"Cache-Control": "no-store"})


def _token(request: Request) -> str:
    """The token behind ``Bearer``; without one, what opens nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _read(shape: type[AcceptSerializer | DeclineSerializer], request: Request) -> dict[str, Any]:
    said = shape(data=request.data)
    said.is_valid(raise_exception=True)
    return dict(said.validated_data)
