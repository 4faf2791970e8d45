from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="session_generation",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AlterModelOptions(
            name="invitation",
            options={"ordering": ["-id"]},
        ),
        migrations.AddField(
            model_name="invitation",
            name="token_sealed",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["organization", "-id"], name="accounts_au_organiz_8ff5de_idx"),
        ),
    ]
