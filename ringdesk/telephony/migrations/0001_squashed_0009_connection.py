from importlib import import_module

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import ringdesk.core.ids
from django.db import migrations, models


LINKS = import_module("ringdesk.telephony.migrations.0002_link_changes")
LISTS = import_module("ringdesk.telephony.migrations.0008_lists_of_calls")
WATCHED_SINCE = """
CREATE TRIGGER ringdesk_links_changed AFTER INSERT OR DELETE OR UPDATE ON telephony_callsettings
FOR EACH STATEMENT EXECUTE FUNCTION ringdesk_links_changed();
CREATE TRIGGER ringdesk_links_changed AFTER INSERT OR DELETE OR UPDATE OF phone ON telephony_ignorednumber
FOR EACH STATEMENT EXECUTE FUNCTION ringdesk_links_changed();
"""


class Migration(migrations.Migration):
    # For a fresh database: a tenth of the work of the steps it stands for. What has begun with those goes on with them.
    replaces = [
        ("telephony", "0001_initial"),
        ("telephony", "0002_link_changes"),
        ("telephony", "0003_connector_removed_at"),
        ("telephony", "0004_call_version"),
        ("telephony", "0005_telephony_whole"),
        ("telephony", "0006_interactions"),
        ("telephony", "0007_dialing_key"),
        ("telephony", "0008_lists_of_calls"),
        ("telephony", "0009_connection"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0004_programs_by_oauth"),
        ("crm", "0004_interactions"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallDocuments",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("incoming_since", models.DateTimeField(null=True)),
                ("outgoing_since", models.DateTimeField(null=True)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CallSettings",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="call_settings",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                (
                    "incoming_window",
                    models.CharField(
                        choices=[
                            ("never", "Never"),
                            ("ringing", "When it rings"),
                            ("answered", "When answered"),
                            ("ended", "When the talk ends"),
                        ],
                        default="never",
                        max_length=10,
                    ),
                ),
                (
                    "outgoing_window",
                    models.CharField(
                        choices=[
                            ("never", "Never"),
                            ("ringing", "When it rings"),
                            ("answered", "When answered"),
                            ("ended", "When the talk ends"),
                        ],
                        default="never",
                        max_length=10,
                    ),
                ),
                ("create_incoming", models.BooleanField(default=False)),
                ("create_outgoing", models.BooleanField(default=False)),
                (
                    "show_created",
                    models.CharField(
                        choices=[
                            ("never", "Never"),
                            ("in", "Incoming only"),
                            ("out", "Outgoing only"),
                            ("both", "Incoming and outgoing"),
                        ],
                        default="never",
                        max_length=10,
                    ),
                ),
                (
                    "last_digits",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                    ),
                ),
                ("forwarding", models.BooleanField(default=False)),
                ("notifications", models.BooleanField(default=False)),
                (
                    "search_engine",
                    models.CharField(
                        choices=[("yandex", "Yandex"), ("google", "Google"), ("duckduckgo", "DuckDuckGo")],
                        default="yandex",
                        max_length=12,
                    ),
                ),
                ("recording_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="DialingKey",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("key_hash", models.CharField(max_length=64, unique=True)),
                ("key_sealed", models.BinaryField()),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Connector",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=30)),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("token_sealed", models.BinaryField()),
                ("settings", models.JSONField(blank=True, default=dict)),
                ("secrets_sealed", models.BinaryField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("removed_at", models.DateTimeField(editable=False, null=True)),
                ("last_event_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("last_error_at", models.DateTimeField(null=True)),
                ("events_received", models.BigIntegerField(default=0)),
                ("requests_refused", models.BigIntegerField(default=0)),
                ("received_while_off", models.BigIntegerField(default=0)),
                ("agent_version", models.CharField(blank=True, max_length=120)),
                ("connected_at", models.DateTimeField(null=True)),
                ("connection_seen_at", models.DateTimeField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.branch",
                        verbose_name="branch",
                    ),
                ),
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
            name="Call",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=ringdesk.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("generation", models.PositiveIntegerField(default=1)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "direction",
                    models.CharField(
                        choices=[("in", "Incoming"), ("out", "Outgoing"), ("internal", "Internal")], max_length=10
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ringing", "Ringing"),
                            ("answered", "Answered"),
                            ("held", "On hold"),
                            ("ended", "Ended"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("answered", "Answered"),
                            ("missed", "Missed"),
                            ("busy", "Busy"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                        ],
                        max_length=10,
                        null=True,
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=32, verbose_name="phone")),
                ("line", models.CharField(blank=True, max_length=32, verbose_name="line")),
                ("extension", models.CharField(max_length=32, null=True, verbose_name="extension")),
                (
                    "extensions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), default=list, size=None
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("duration", models.PositiveIntegerField(null=True, verbose_name="duration, seconds")),
                ("recording_url", models.TextField(blank=True)),
                ("first_received_at", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
                ("end_received_at", models.DateTimeField(null=True)),
                ("outcome_kind", models.CharField(blank=True, max_length=20)),
                ("outcome_id", models.CharField(blank=True, max_length=40)),
                ("trace", models.JSONField(default=list)),
                ("notes", models.TextField(blank=True, db_default="", default="", verbose_name="notes")),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.branch"
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="crm.client"
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="crm.contract"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="crm.lead"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "connector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="telephony.connector"
                    ),
                ),
            ],
            options={
                "ordering": ["-first_received_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["organization", "-first_received_at", "-id"], name="telephony_c_organiz_11891f_idx"
                    ),
                    models.Index(
                        fields=["organization", "phone", "-first_received_at"], name="telephony_c_organiz_232e4b_idx"
                    ),
                    models.Index(
                        condition=models.Q(("state", "ended"), _negated=True),
                        fields=["last_received_at"],
                        name="call_open",
                    ),
                    models.Index(
                        condition=models.Q(("state", "ended")),
                        fields=["organization", "last_received_at"],
                        name="call_over",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        models.Func(
                            "phone",
                            function="crm_grams",
                            output_field=django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), size=None
                            ),
                        ),
                        gin_pending_list_limit=256,
                        name="call_phone_grams",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("direction", "in"),
                            ("result__in", ["missed", "busy", "cancelled", "failed"]),
                            ("settled_at__isnull", True),
                            ("state", "ended"),
                        ),
                        fields=["organization", "-first_received_at", "phone"],
                        name="call_missed",
                    ),
                    models.Index(
                        condition=models.Q(("settled_at__isnull", False)),
                        fields=["organization", "-settled_at"],
                        name="call_settled",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("connector", "external_id", "generation"), name="call_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=32, verbose_name="extension")),
                (
                    "connector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="extensions", to="telephony.connector"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="extensions", to="accounts.member"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("connector", "number"), name="extension_once_per_connector"),
                    models.UniqueConstraint(fields=("connector", "member"), name="extension_one_per_member"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IgnoredNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=32, verbose_name="phone")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "constraints": [models.UniqueConstraint(fields=("organization", "phone"), name="ignored_once")],
            },
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=32, verbose_name="number")),
                ("label", models.CharField(blank=True, max_length=60, verbose_name="name")),
                (
                    "branch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "connector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="telephony.connector"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("connector", "number"), name="line_once_per_connector")
                ],
            },
        ),
        migrations.CreateModel(
            name="PhoneBookEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=32)),
                ("calls", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "last_call",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="telephony.call"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["-last_at", "-id"],
                "indexes": [models.Index(fields=["organization", "-last_at"], name="telephony_p_organiz_4d484d_idx")],
                "constraints": [models.UniqueConstraint(fields=("organization", "phone"), name="phone_book_once")],
            },
        ),
        migrations.CreateModel(
            name="PlacedCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("extension", models.CharField(max_length=32)),
                ("phone", models.CharField(max_length=32)),
                ("command_id", models.CharField(max_length=64, unique=True)),
                ("external_id", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Being placed"),
                            ("accepted", "Accepted by the PBX"),
                            ("refused", "Refused by the PBX"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                (
                    "connector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="telephony.connector"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["member", "phone", "-created_at"], name="telephony_p_member__43ed9c_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="Popup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_reason", models.CharField(blank=True, max_length=20)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.branch"
                    ),
                ),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="popup", to="telephony.call"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["created_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["organization", "expires_at"],
                        name="popup_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PopupDismissal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
                (
                    "popup",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="dismissals", to="telephony.popup"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("popup", "member"), name="popup_dismissed_once")],
            },
        ),
        migrations.CreateModel(
            name="Recording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Being fetched"),
                            ("stored", "Stored"),
                            ("proxied", "Kept by the PBX"),
                            ("failed", "Could not be fetched"),
                            ("deleted", "Deleted"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("file", models.CharField(blank=True, max_length=200)),
                ("content_type", models.CharField(blank=True, max_length=60)),
                ("size", models.BigIntegerField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("stored_at", models.DateTimeField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="recording", to="telephony.call"
                    ),
                ),
                (
                    "deleted_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="recording_waiting"
                    ),
                    models.Index(
                        condition=models.Q(("state", "stored")),
                        fields=["organization", "stored_at"],
                        name="recording_stored",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecordingListening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by_token", models.CharField(blank=True, max_length=100)),
                ("is_download", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                (
                    "member",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.member"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
                (
                    "recording",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="listenings", to="telephony.recording"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="CallEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("received_at", models.DateTimeField()),
                ("digest", models.BinaryField(max_length=16)),
                ("event", models.JSONField()),
                ("raw", models.JSONField()),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="telephony.call"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organization"),
                ),
            ],
            options={
                "ordering": ["received_at", "id"],
                "constraints": [models.UniqueConstraint(fields=("call", "digest"), name="call_event_once")],
            },
        ),
        migrations.RunSQL(LINKS.FORWARDS, LINKS.BACKWARDS),
        migrations.RunSQL(WATCHED_SINCE, migrations.RunSQL.noop),
        migrations.RunSQL(LISTS.NOTED, LISTS.NOT_NOTED),
    ]
