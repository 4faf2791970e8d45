"""The doors keep the organization's language too: in it a PBX is told why it was refused."""

from django.db import migrations

TRIGGER = """
DROP TRIGGER ringdesk_links_changed ON accounts_organization;
CREATE TRIGGER ringdesk_links_changed AFTER INSERT OR DELETE OR UPDATE OF %s ON accounts_organization
FOR EACH STATEMENT EXECUTE FUNCTION ringdesk_links_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("telephony", "0009_connection")]
    operations = [migrations.RunSQL(TRIGGER % "popup_seconds, language", TRIGGER % "popup_seconds")]
