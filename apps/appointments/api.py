"""The REST edge: slot search and appointments, at a shipper's host and at the hub. Read only."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django_filters import FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.http import actor_of
from apps.appointments.load import Slot
from apps.appointments.models import Appointment
from apps.appointments.ranking import Ranked, Wish, best_of
from apps.appointments.search import SlotSearch, local_day
from apps.appointments.selectors import appointments_visible_to, find_at_sites, find_slots
from apps.appointments.serializers import (
    AppointmentDetail,
    AppointmentSerializer,
    SitesAnswer,
    SitesQuery,
    SlotAnswer,
    SlotQuery,
)
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to

#: How many of the best are named.
BEST = 5


class SlotsView(APIView):
    """Bookable slots of a site for a load."""

    @extend_schema(
        operation_id="slots_search",
        summary="Find slots that a site can give a load",
        parameters=[SlotQuery],
        responses=SlotAnswer,
        tags=["slots"],
    )
    def get(self, request: Request, site_id: UUID) -> Response:
        site = get_object_or_404(receiving_sites_visible_to(actor_of(request)), pk=site_id)
        query = SlotQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        now = timezone.now()
        search = find_slots(
            site=site,
            load=query.load(),
            first_day=asked.get("first_day") or local_day(now, ZoneInfo(site.time_zone)),
            days=asked["days"],
            now=now,
            appointment=_own(request, asked.get("appointment")),
            limit=asked["limit"],
        )
        return Response(_answer(site, search, _wish(asked)))


class SitesSlotsView(APIView):
    """Bookable slots of several sites for one load."""

    @extend_schema(
        operation_id="slots_search_sites",
        summary="Find the slots of several sites that fit a load best",
        parameters=[SitesQuery],
        responses=SitesAnswer,
        tags=["slots"],
    )
    def get(self, request: Request) -> Response:
        query = SitesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        sites = receiving_sites_visible_to(actor_of(request)).in_bulk(asked["site"])
        if unknown := [site_id for site_id in asked["site"] if site_id not in sites]:
            raise Http404(f"There is no site {unknown[0]} here.")
        now = timezone.now()
        searches = find_at_sites(
            sites=sites.values(),
            load=query.load(),
            first_day=asked.get("first_day") or now.date(),
            days=asked["days"],
            now=now,
        )
        wish = _wish(asked)
        return Response(
            {
                "best": _ranked(searches, best_of(searches, wish, BEST)),
                "sites": [_answer(sites[site_id], search, wish) for site_id, search in searches.items()],
            }
        )


class AppointmentFilter(FilterSet):
    class Meta:
        model = Appointment
        fields: ClassVar[list[str]] = ["state", "site", "must_act", "delivery_id"]


class AppointmentsView(ListAPIView[Appointment]):
    """Appointments that the caller's side has a part in, newest first."""

    serializer_class = AppointmentSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = AppointmentFilter
    queryset = Appointment.objects.none()

    def get_queryset(self) -> QuerySet[Appointment]:
        return appointments_visible_to(actor_of(self.request))

    @extend_schema(summary="List appointments", tags=["appointments"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class AppointmentView(GenericAPIView[Appointment]):
    """One appointment with its offers and history."""

    serializer_class = AppointmentDetail
    queryset = Appointment.objects.none()

    @extend_schema(
        summary="Read one appointment",
        parameters=[OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER)],
        responses={200: AppointmentDetail, 304: None},
        tags=["appointments"],
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        visible = appointments_visible_to(actor_of(request)).prefetch_related("offers__slots__dock", "events")
        appointment = get_object_or_404(visible, pk=pk)
        etag = f'"{appointment.pk}-{appointment.version}"'
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None:
            return unchanged
        return Response(self.get_serializer(appointment).data, headers={"ETag": etag})


def _own(request: Request, appointment_id: UUID | None) -> Appointment | None:
    if appointment_id is None:
        return None
    return get_object_or_404(appointments_visible_to(actor_of(request)), pk=appointment_id)


def _wish(asked: dict[str, Any]) -> Wish:
    preferred = asked.get("preferred")
    return Wish(earliest=preferred, latest=preferred)


def _ranked(
    searches: Mapping[UUID, SlotSearch], found: Iterable[tuple[UUID, Ranked]]
) -> list[dict[str, Any]]:
    return [
        {
            "site_id": site_id,
            **_slot(ranked.slot, searches[site_id]),
            "score": round(ranked.score, 1),
            "minutes_away": ranked.away.total_seconds() / 60,
            "busy": round(ranked.busy, 2),
        }
        for site_id, ranked in found
    ]


def _slot(slot: Slot, search: SlotSearch) -> dict[str, Any]:
    return {
        "dock_id": slot.dock_id,
        "dock": search.dock_names[slot.dock_id],
        "start": slot.start.astimezone(search.zone).isoformat(),
        "end": slot.end.astimezone(search.zone).isoformat(),
    }


def _answer(site: Site, search: SlotSearch, wish: Wish) -> dict[str, Any]:
    def listed(slots: Iterable[Slot]) -> list[dict[str, Any]]:
        return [_slot(slot, search) for slot in slots]

    searches = {site.pk: search}
    return {
        "site_id": site.pk,
        "time_zone": site.time_zone,
        "earliest": listed(search.earliest()),
        "best": _ranked(searches, best_of(searches, wish, BEST)),
        "slots": listed(search.slots),
        "per_day": [vars(counted) for counted in search.per_day],
        "refusals": [
            {"dock_id": dock_id, "dock": search.dock_names[dock_id], "reasons": list(reasons)}
            for dock_id, reasons in search.refusals.items()
        ],
    }
