import django.contrib.postgres.fields
import django.db.models.deletion
import ringdesk.core.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0004_programs_by_oauth"),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("address", models.CharField(max_length=500, verbose_name="address")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("is_inside", models.BooleanField(default=False, verbose_name="inside my network")),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("followed_to", models.BigIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("openings", models.PositiveIntegerField(default=0)),
                ("open_until", models.DateTimeField(null=True)),
                ("last_delivered_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("last_error_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="OutsideCrm",
            fields=[
                (
                    "endpoint_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="webhooks.endpoint",
                    ),
                ),
                ("token_sealed", models.BinaryField()),
                ("key_hash", models.CharField(max_length=64, unique=True)),
                ("key_sealed", models.BinaryField()),
                ("wants_events", models.BooleanField(default=True, verbose_name="events")),
                ("wants_history", models.BooleanField(default=True, verbose_name="history")),
                ("answers_contact", models.BooleanField(default=False, verbose_name="smart transfer")),
                ("has_trunk_prefix", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
            bases=("webhooks.endpoint",),
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "endpoint_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="webhooks.endpoint",
                    ),
                ),
                ("secret_sealed", models.BinaryField()),
                ("old_secret_sealed", models.BinaryField(null=True)),
                ("old_secret_until", models.DateTimeField(null=True)),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
            ],
            options={
                "abstract": False,
            },
            bases=("webhooks.endpoint",),
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.UUIDField(default=ringdesk.core.ids.new_id, unique=True)),
                ("key", models.CharField(max_length=80)),
                ("slot", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=40)),
                ("position", models.BigIntegerField()),
                ("body", models.TextField()),
                ("words", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed, will be tried again"),
                            ("given_up", "Given up"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField()),
                ("tried_since", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("last_at", models.DateTimeField(null=True)),
                ("last_status", models.PositiveSmallIntegerField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("last_answer", models.TextField(blank=True)),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="webhooks.endpoint"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["endpoint", "-id"], name="webhooks_de_endpoin_f85764_idx"),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "failed"))),
                        fields=["endpoint", "next_at"],
                        name="delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "failed"))),
                        fields=["endpoint", "key", "position", "id"],
                        name="delivery_order",
                    ),
                    models.Index(fields=["at"], name="webhooks_de_at_450edf_idx"),
                ],
                "constraints": [models.UniqueConstraint(fields=("endpoint", "key", "slot"), name="delivery_once")],
            },
        ),
        migrations.CreateModel(
            name="CrmUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("extension", models.CharField(max_length=32, verbose_name="extension")),
                ("user", models.CharField(max_length=100, verbose_name="user in the CRM")),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
                (
                    "crm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="users", to="webhooks.outsidecrm"
                    ),
                ),
            ],
            options={
                "ordering": ["extension"],
                "constraints": [
                    models.UniqueConstraint(fields=("crm", "extension"), name="crm_extension_once"),
                    models.UniqueConstraint(fields=("crm", "user"), name="crm_user_once"),
                ],
            },
        ),
    ]
