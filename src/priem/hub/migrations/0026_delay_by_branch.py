"""Delays by branch; those that are there already stay the clinic's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hub", "0025_deeds_about_access")]

    operations = [
        migrations.AddField("delay", "connection", models.CharField(db_default="", default="", max_length=64)),
        migrations.AddField("delay", "branch", models.CharField(db_default="", default="", max_length=100)),
        migrations.RemoveConstraint("delay", "delay_once"),
        migrations.AddConstraint(
            "delay",
            models.UniqueConstraint(
                fields=("clinic", "since", "connection", "branch", "bound"), name="delay_of_place"
            ),
        ),
        migrations.CreateModel(
            name="BranchName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.CharField(max_length=64)),
                ("branch", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, max_length=200)),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="+",
                        to="hub.clinic",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("clinic", "connection", "branch"), name="branch_name")
                ],
            },
        ),
    ]
