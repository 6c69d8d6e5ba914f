"""Which shipper asks: the one whose role is in force. What row-level security compares with."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION public.current_shipper() RETURNS uuid LANGUAGE sql STABLE
            RETURN (SELECT id FROM public.tenancy_shipper WHERE schema_name = current_user);
            """,
            reverse_sql="DROP FUNCTION public.current_shipper()",
        )
    ]
