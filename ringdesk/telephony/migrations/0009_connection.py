from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0008_lists_of_calls")]

    operations = [
        migrations.AddField(model_name="connector", name="connected_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="connector", name="connection_seen_at", field=models.DateTimeField(null=True)),
    ]
