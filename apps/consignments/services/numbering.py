"""Numbers that run on without repeating, such as those of deliveries."""

from django.db import transaction

from apps.consignments.models import NumberSeries


@transaction.atomic
def take_numbers(series: str, count: int) -> range:
    """The next ``count`` numbers of a series, from 1; others wait until this transaction ends.

    A number of a transaction that is undone is given again.
    """
    NumberSeries.objects.bulk_create([NumberSeries(name=series, next_value=1)], ignore_conflicts=True)
    row = NumberSeries.objects.select_for_update().get(name=series)
    numbers = range(row.next_value, row.next_value + count)
    NumberSeries.objects.filter(pk=row.pk).update(next_value=numbers.stop)
    return numbers
