"""A ringing phone waits for indexes nobody reads by and for checks its call has passed already: fewer of both."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0004_programs_by_oauth"),
        ("crm", "0001_squashed_0004_interactions"),
        ("telephony", "0010_language_of_links"),
    ]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="branch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.branch",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="connector",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calls",
                to="telephony.connector",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="contract",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="crm.contract",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="lead",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="crm.lead"
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="accounts.organization",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="settled_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.member",
            ),
        ),
        migrations.AlterField(
            model_name="callevent",
            name="call",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="events", to="telephony.call"
            ),
        ),
        migrations.AlterField(
            model_name="callevent",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="accounts.organization",
            ),
        ),
        migrations.AlterField(
            model_name="phonebookentry",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="accounts.organization",
            ),
        ),
        migrations.AlterField(
            model_name="popup",
            name="answered_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.member",
            ),
        ),
        migrations.AlterField(
            model_name="popup",
            name="branch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.branch",
            ),
        ),
        migrations.AlterField(
            model_name="popup",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="accounts.organization",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("contract__isnull", False)), fields=["contract"], name="call_contract"
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(condition=models.Q(("lead__isnull", False)), fields=["lead"], name="call_lead"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("settled_by__isnull", False)), fields=["settled_by"], name="call_settled_by"
            ),
        ),
        migrations.AddIndex(
            model_name="popup",
            index=models.Index(
                condition=models.Q(("answered_by__isnull", False)), fields=["answered_by"], name="popup_answered_by"
            ),
        ),
    ]
