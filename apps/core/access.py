"""What the database lets each role do with a model's table; declared on the model, granted by migrating.

Two runtime roles act: the hub (the network's host) and a shipper (one role per schema). A network
model says with ``access`` what both may do and which rows a shipper may touch; a model in a
shipper's schema says what that shipper's role may do.
"""

from dataclasses import dataclass

ALL = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"
APPEND = "SELECT, INSERT"
NOTHING = ""

#: The shipper whose role asks, as an SQL expression for ``Access.rows``.
CURRENT_SHIPPER = "(SELECT current_shipper())"

#: The people who have a role at that shipper.
OWN_MEMBERS = "SELECT person_id FROM public.accounts_membership WHERE shipper_id = (SELECT current_shipper())"


@dataclass(frozen=True)
class Access:
    """Privileges on one table.

    ``rows`` is an SQL predicate: the rows a shipper's role may read and write (row-level security).
    ``None`` means every row. The hub sees every row; its selectors narrow to the person's sites.
    ``writes`` narrows what a shipper may insert or change further than what it may read.
    ``own`` is what a shipper's role may do with the table in its own schema.
    """

    hub: str = ALL
    shipper: str = READ
    own: str = ALL
    rows: str | None = None
    writes: str | None = None
