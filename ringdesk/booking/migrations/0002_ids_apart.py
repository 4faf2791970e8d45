from django.db import migrations

# Categories count 1, 3, 5…, job titles 2, 4, 6…: bots ask for either by one number.
APART = """
ALTER TABLE booking_servicecategory ALTER COLUMN id SET START WITH 1 SET INCREMENT BY 2 RESTART;
ALTER TABLE booking_jobtitle ALTER COLUMN id SET START WITH 2 SET INCREMENT BY 2 RESTART;
CREATE SEQUENCE booking_version;
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0001_initial")]

    operations = [migrations.RunSQL(APART, "DROP SEQUENCE booking_version")]
