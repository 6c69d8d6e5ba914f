"""What people do about exceptions: each step stays on record, and only the shipper's planners take them."""

from datetime import timedelta

import pytest

from apps.core.errors import PermissionRefused
from apps.insights import services
from apps.insights.models import DeliveryException
from apps.insights.selectors import open_exceptions
from apps.insights.services.acting import ExceptionOver, NothingSaid, UnknownException
from apps.tenancy import doorway

HOUR = timedelta(hours=1)


@pytest.fixture
def found(asked):
    """Acme's one exception, and the moment at which it was found."""
    now = asked.must_act_by - HOUR
    services.watch(now=now)
    return DeliveryException.objects.get(), now


def test_every_step_stays_and_the_first_is_the_response(found, alice):
    row, now = found

    services.take(actor=alice, exception_id=row.pk, now=now + HOUR / 6)
    services.comment(actor=alice, exception_id=row.pk, note="Called Rita", now=now + HOUR / 5)
    ended = services.resolve(actor=alice, exception_id=row.pk, note="She answers at two", now=now + HOUR / 4)

    assert ended.answered_at == now + HOUR / 6
    assert ended.owner_name == "Alice Adams"
    assert list(row.events.values_list("step", "note")) == [
        ("detected", "Found 180 minutes after it could be seen."),
        ("taken", ""),
        ("commented", "Called Rita"),
        ("resolved", "She answers at two"),
    ]


def test_what_is_put_off_comes_back(found, alice):
    row, now = found

    services.snooze(actor=alice, exception_id=row.pk, until=now + HOUR / 2, now=now)

    assert not open_exceptions(now=now).exists()
    assert open_exceptions(now=now, with_snoozed=True).exists()
    assert open_exceptions(now=now + HOUR / 2).exists()


def test_nothing_is_put_off_past_its_harm(found, alice):
    row, now = found
    DeliveryException.objects.filter(pk=row.pk).update(harm_at=now + HOUR / 4)

    services.snooze(actor=alice, exception_id=row.pk, until=now + HOUR, now=now)

    row.refresh_from_db()
    assert row.snoozed_until == now + HOUR / 4


def test_a_step_without_words_or_after_the_end_changes_nothing(found, alice):
    row, now = found

    with pytest.raises(NothingSaid):
        services.resolve(actor=alice, exception_id=row.pk, note="  ", now=now)
    with pytest.raises(NothingSaid):
        services.snooze(actor=alice, exception_id=row.pk, until=now, now=now)
    services.resolve(actor=alice, exception_id=row.pk, note="Done", now=now)
    with pytest.raises(ExceptionOver):
        services.take(actor=alice, exception_id=row.pk, now=now)

    assert row.events.count() == 2


def test_nobody_else_acts_on_it(found, arthur, rita, bob, globex):
    row, now = found

    for other in (arthur, rita):
        with pytest.raises(PermissionRefused):
            services.take(actor=other, exception_id=row.pk, now=now)
    with doorway.enter_shipper(globex), pytest.raises(UnknownException):
        services.take(actor=bob, exception_id=row.pk, now=now)
