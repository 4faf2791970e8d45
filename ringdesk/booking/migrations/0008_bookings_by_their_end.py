from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0007_alter_booking_status"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["organization", "branch", "ends_at"], name="booking_boo_organiz_6bfe53_idx"),
        ),
    ]
