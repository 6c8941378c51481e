from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hub", "0027_stage_orders")]

    operations = [
        migrations.AlterField(
            "incident",
            "kind",
            models.CharField(
                choices=[
                    ("away", "the clinic's system does not answer"),
                    ("closed", "the clinic's system lets nobody in"),
                    ("amocrm", "amoCRM does not answer"),
                    ("stopped", "amoCRM is closed for Priem"),
                    ("settings", "the set-up does not fit"),
                    ("lag", "changes are late"),
                    ("silence", "nobody keeps the clinic in step"),
                    ("disk", "the disk is almost full"),
                    ("queue", "amoCRM's messages wait"),
                    ("unknown", "it is not known what amoCRM has done"),
                    ("hooks", "amoCRM does not tell of changes"),
                    ("vanished", "very many visits vanished at once"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
    ]
