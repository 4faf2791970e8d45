"""A call that tells of a recording has a row for it."""

from django.db import migrations

# A recording that a call tells of is noted in the same transaction, whoever wrote the call: none is lost. While the
# call goes on its recording is not whole; another address for one that is not fetched yet takes the place of the first.
NOTED = """
CREATE OR REPLACE FUNCTION telephony_note_recording() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO telephony_recording (organization_id, call_id, reference, state, file, content_type, attempts,
        next_attempt_at, last_error, created_at)
    VALUES (NEW.organization_id, NEW.id, NEW.recording_url, 'waiting', '', '', 0, now(), '', now())
    ON CONFLICT (call_id) DO UPDATE SET reference = excluded.reference, state = 'waiting', attempts = 0,
        next_attempt_at = now(), last_error = ''
    WHERE telephony_recording.reference <> excluded.reference
        AND telephony_recording.state IN ('waiting', 'proxied', 'failed');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER telephony_note_recording AFTER INSERT OR UPDATE OF recording_url, state ON telephony_call
FOR EACH ROW WHEN (NEW.recording_url <> '' AND NEW.state = 'ended') EXECUTE FUNCTION telephony_note_recording();
"""
BACKWARDS = "DROP FUNCTION telephony_note_recording() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("telephony", "0002_link_changes")]
    operations = [migrations.RunSQL(NOTED, BACKWARDS)]
