"""Whoever changes an endpoint, those who send and those who ask hear of it."""

from django.db import migrations

WATCHED = {
    "webhooks_endpoint": " OF address, is_active, is_inside, open_until",
    "webhooks_outsidecrm": "",
    "webhooks_webhook": "",
    "webhooks_crmuser": "",
}
FORWARDS = """
CREATE FUNCTION ringdesk_webhooks_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('ringdesk_webhooks', TG_TABLE_NAME); RETURN NULL; END $$;
""" + "".join(
    f"CREATE TRIGGER ringdesk_webhooks_changed AFTER INSERT OR DELETE OR UPDATE{columns} ON {table} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION ringdesk_webhooks_changed();\n"
    for table, columns in WATCHED.items()
)
BACKWARDS = "DROP FUNCTION ringdesk_webhooks_changed() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
