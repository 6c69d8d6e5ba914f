"""Two carriers accept at the same moment: the database lets one have the route, the other gets an answer."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.accounts.actors import Actor
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from apps.tendering.errors import TenderClosed
from apps.tendering.models import Tender, Tendering
from apps.tendering.services import accept_tender, call_off, start_tendering
from tests.appointments.test_contention import at_once
from tests.factories.cast import NOW
from tests.tendering.conftest import Tendered


@pytest.mark.django_db(transaction=True)
def test_of_three_who_accept_at_once_exactly_one_has_the_route(
    tendered: Tendered, alice: Actor, acme: Shipper
) -> None:
    call_off(actor=alice, tendering_id=tendered.search.pk, now=NOW)
    search = start_tendering(actor=alice, route_id=tendered.route.pk, mode=Tendering.Mode.BROADCAST, now=NOW)
    tenders = list(search.tenders.values_list("pk", flat=True))

    def accepting(tender_id: Any) -> Callable[[], Tender]:
        def call() -> Tender:
            with doorway.enter_shipper(acme):
                return accept_tender(actor=alice, tender_id=tender_id, now=NOW)

        return call

    outcomes = at_once([accepting(tender_id) for tender_id in tenders * 2])

    assert Counter(type(outcome) for outcome in outcomes) == {Tender: 1, TenderClosed: 5}
    connection.set_tenant(acme)
    winner = next(outcome for outcome in outcomes if isinstance(outcome, Tender))
    assert tendered.now().carrier_id == winner.carrier_id
    assert sorted(tendered.states.values()) == ["accepted", "withdrawn", "withdrawn"]
