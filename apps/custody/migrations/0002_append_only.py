"""What the database itself keeps: the order in which events took their places, and rows as they were written.

The function and the sequence live in the shipper's schema, so that the schema is whole by itself when it is
dumped, restored or moved. ENABLE ALWAYS keeps the triggers in force under session_replication_role too.
"""

from django.db import migrations

APPEND_ONLY = (
    "custody_custodyevent",
    "custody_consignmentsequence",
    "custody_logleaf",
    "custody_logkey",
    "custody_checkpoint",
)
ERASABLE = "custody_disclosure"

FUNCTION = """
CREATE FUNCTION custody_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: custody records are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""


def guards(table: str, row_operations: str) -> list[str]:
    """The statements that make ``table`` refuse these operations on rows, and TRUNCATE."""
    return [
        f"CREATE TRIGGER custody_keep_rows BEFORE {row_operations} ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION custody_refuse_change()",
        f"CREATE TRIGGER custody_keep_table BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER custody_keep_rows",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER custody_keep_table",
    ]


FORWARD = [
    "CREATE SEQUENCE custody_ordinal AS bigint",
    FUNCTION,
    *(statement for table in APPEND_ONLY for statement in guards(table, "UPDATE OR DELETE")),
    *guards(ERASABLE, "UPDATE"),
]
BACKWARD = [
    *(
        f"DROP TRIGGER {trigger} ON {table}"
        for table in (*APPEND_ONLY, ERASABLE)
        for trigger in ("custody_keep_rows", "custody_keep_table")
    ),
    "DROP FUNCTION custody_refuse_change()",
    "DROP SEQUENCE custody_ordinal",
]


class Migration(migrations.Migration):
    dependencies = [("custody", "0001_initial")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=BACKWARD)]
