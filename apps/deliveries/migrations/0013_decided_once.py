"""What came back is decided about once, and no more of an order line than was ordered, whatever it came with.

The order line is locked while its decisions are summed up, so that two at the same moment see each other.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION deliveries_decide_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ordered numeric;
    decided numeric;
BEGIN
    IF TG_OP = 'UPDATE' AND (
        OLD.decided_at IS NOT NULL
        OR (OLD.delivery_id, OLD.item_id, OLD.site_id, OLD.ssccs, OLD.quantity, OLD.is_counted, OLD.at)
            IS DISTINCT FROM
            (NEW.delivery_id, NEW.item_id, NEW.site_id, NEW.ssccs, NEW.quantity, NEW.is_counted, NEW.at)
    ) THEN
        RAISE EXCEPTION 'what came back stays as it was noted and is decided about once'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.decided_at IS NOT NULL THEN
        SELECT quantity INTO ordered FROM consignments_consignmentitem WHERE id = NEW.item_id FOR UPDATE;
        SELECT coalesce(sum(put_back + written_off), 0) INTO decided FROM deliveries_returnedline
            WHERE item_id = NEW.item_id AND id <> NEW.id AND decided_at IS NOT NULL;
        IF decided + NEW.put_back + NEW.written_off > ordered THEN
            RAISE EXCEPTION 'more is decided about than was ordered: % of %',
                decided + NEW.put_back + NEW.written_off, ordered
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END
$$
"""
FORWARD = [
    FUNCTION,
    "CREATE TRIGGER returned_line_decided_once BEFORE INSERT OR UPDATE ON deliveries_returnedline"
    " FOR EACH ROW EXECUTE FUNCTION deliveries_decide_once()",
]
BACKWARD = [
    "DROP TRIGGER returned_line_decided_once ON deliveries_returnedline",
    "DROP FUNCTION deliveries_decide_once()",
]


class Migration(migrations.Migration):
    dependencies = [("deliveries", "0012_what_came_back")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=BACKWARD)]
