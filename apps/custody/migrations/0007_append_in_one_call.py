"""The functions that an event is written with: one call counts it, joins and hashes its bytes, and adds its rows.

They have no rights of their own: whoever calls them needs INSERT on the tables, as for the bare statements.
"""

from django.db import migrations

# Consignments come sorted, so counters are locked in one order; the ordinal is drawn while all are held. Texts
# that belong together come as one, cut by U+001F, and positions go as "3,1": arrays are slow on the way.
# What moved the goods so far is looked up by a statement of its own, which sees what was committed before the
# locks were got.
TAKE = r"""
CREATE FUNCTION custody_take(numbers text, types text, OUT positions text, OUT ordinal bigint, OUT moves json)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    given text[] := string_to_array(numbers, E'\x1f');
    number text;
    taken int;
BEGIN
    FOREACH number IN ARRAY given LOOP
        INSERT INTO custody_consignmentcounter AS counter (consignment, last) VALUES (number, 1)
            ON CONFLICT (consignment) DO UPDATE SET last = counter.last + 1 RETURNING last INTO taken;
        positions := concat_ws(',', positions, taken);
    END LOOP;
    ordinal := nextval('custody_ordinal');
    SELECT json_agg(json_build_array(
               place.consignment, event.id, event.type, event.event_time, event.ordinal,
               (SELECT coalesce(json_agg(unit), '[]') FROM custody_unithandover AS passed
                 WHERE passed.event_id = event.id AND passed.consignment = place.consignment),
               CASE event.type WHEN 'correction'
                    THEN convert_from(event.canonical, 'UTF8')::jsonb -> 'details' ->> 'corrects' END))
      INTO moves
      FROM custody_consignmentsequence AS place
      JOIN custody_custodyevent AS event ON event.id = place.event_id
     WHERE place.consignment = ANY(given) AND event.type = ANY(string_to_array(types, E'\x1f'));
END
$$
"""
# One part of the text more than numbers: a part, its number, a part, ..., the last part.
APPEND = r"""
CREATE FUNCTION custody_append(
    numbers text, parts text, taken text, taken_ordinal bigint, event uuid, event_type text, for_delivery uuid,
    delivery_number text, at_site uuid, happened timestamptz, recorded timestamptz, opened json,
    OUT positions text, OUT ordinal bigint, OUT xid bigint)
LANGUAGE plpgsql AS $$
DECLARE
    number text[] := string_to_array(numbers, E'\x1f');
    part text[] := string_to_array(parts, E'\x1f');
    place int[] := string_to_array(taken, ',');
    said text := '';
    bytes bytea;
    next int;
BEGIN
    FOR i IN 1 .. cardinality(number) LOOP
        IF taken IS NULL THEN
            INSERT INTO custody_consignmentcounter AS counter (consignment, last) VALUES (number[i], 1)
                ON CONFLICT (consignment) DO UPDATE SET last = counter.last + 1 RETURNING last INTO next;
            place[i] := next;
        END IF;
        said := said || part[i] || place[i];
    END LOOP;
    positions := array_to_string(place, ',');
    ordinal := coalesce(taken_ordinal, nextval('custody_ordinal'));
    xid := pg_current_xact_id()::text::bigint;
    bytes := convert_to(said || part[cardinality(number) + 1], 'UTF8');
    INSERT INTO custody_custodyevent
           (id, created_at, canonical, leaf_hash, type, delivery_id, delivery, site_id, event_time, recorded_at,
            ordinal, xid)
    VALUES (event, now(), bytes, sha256('\x00'::bytea || bytes), event_type, for_delivery, delivery_number,
            at_site, happened, recorded, ordinal, xid);
    FOR i IN 1 .. cardinality(number) LOOP
        INSERT INTO custody_consignmentsequence (event_id, consignment, position)
        VALUES (event, number[i], place[i]);
    END LOOP;
    FOR i IN 0 .. json_array_length(opened) - 1 LOOP
        INSERT INTO custody_disclosure (event_id, path, salt, value)
        VALUES (event, opened -> i ->> 'path', decode(opened -> i ->> 'salt', 'hex'), opened -> i -> 'value');
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('custody', '0006_fewer_indexes_per_event'),
    ]

    operations = [
        migrations.RunSQL(sql=[TAKE, APPEND], reverse_sql=["DROP FUNCTION custody_append", "DROP FUNCTION custody_take"]),
    ]
