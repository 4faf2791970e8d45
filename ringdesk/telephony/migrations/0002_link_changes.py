"""Whoever changes what the doors keep in memory, the doors hear of it."""

from django.db import migrations

WATCHED = {
    "telephony_connector": "kind, is_active, branch_id, token_hash, settings, secrets_sealed",
    "telephony_extension": "number, member_id, connector_id",
    "telephony_line": "number, branch_id, connector_id",
    "accounts_branch": "region",
    "accounts_organization": "popup_seconds",
    "accounts_member": "is_active",
}
FORWARDS = """
CREATE FUNCTION ringdesk_links_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('ringdesk_links', TG_TABLE_NAME); RETURN NULL; END $$;
""" + "".join(
    f"CREATE TRIGGER ringdesk_links_changed AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION ringdesk_links_changed();\n"
    for table, columns in WATCHED.items()
)
BACKWARDS = "DROP FUNCTION ringdesk_links_changed() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("telephony", "0001_initial"), ("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
