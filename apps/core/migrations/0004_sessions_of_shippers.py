"""Sessions opened at a shipper's desk lie in its own schema, of a shipper that was there before as well.

Each schema remembers the migrations of all applications, so one that becomes a shipper's own application later
has to be brought to those that exist.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0003_job_facts"), ("sessions", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
            CREATE TABLE IF NOT EXISTS django_session (
                session_key varchar(40) NOT NULL PRIMARY KEY,
                session_data text NOT NULL,
                expire_date timestamptz NOT NULL
            );
            CREATE INDEX IF NOT EXISTS django_session_session_key_c0390e0f_like
                ON django_session (session_key varchar_pattern_ops);
            CREATE INDEX IF NOT EXISTS django_session_expire_date_a5c62663 ON django_session (expire_date);
            """,
            reverse_sql=migrations.RunSQL.noop,
        )
    ]
