from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0004_page_contacts_and_calendars"),
    ]

    operations = [
        migrations.AddField(
            model_name="bookingpage",
            name="base_url",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
