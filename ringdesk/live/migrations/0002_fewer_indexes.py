"""A ringing phone waits for indexes nobody reads by and for checks its call has passed already: fewer of both."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0004_programs_by_oauth"),
        ("live", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="liveevent",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.organization",
            ),
        ),
    ]
