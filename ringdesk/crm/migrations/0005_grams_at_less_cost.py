"""The runs of three characters of a text, without planning a query for each text that is indexed."""

from django.db import migrations

LOOP = """
CREATE OR REPLACE FUNCTION crm_grams(value text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := '{}';
BEGIN
    FOR position IN 1 .. length(value) - 2 LOOP
        found := found || substr(value, position, 3);
    END LOOP;
    RETURN found;
END
$$
"""
QUERY = """
CREATE OR REPLACE FUNCTION crm_grams(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(value, position, 3)), '{}')
    FROM generate_series(1, length(value) - 2) AS position
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0001_squashed_0004_interactions"),
    ]

    operations = [
        migrations.RunSQL(LOOP, QUERY),
    ]
