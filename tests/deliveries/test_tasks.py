"""Regular work goes round all shippers, whatever happens at one of them."""

from django.db import connection

from apps.deliveries import services
from apps.deliveries.tasks import expire


def test_one_shipper_whose_offers_cannot_be_ended_holds_up_no_other(db, monkeypatch):
    visited = []

    def fail_at_acme(*, now):
        visited.append(connection.schema_name)
        if connection.schema_name == "t_acme":
            raise RuntimeError("a dock stays locked")

    monkeypatch.setattr(services, "expire_offers", fail_at_acme)
    expire()

    assert (visited, connection.schema_name) == (["t_acme", "t_globex"], "public")
