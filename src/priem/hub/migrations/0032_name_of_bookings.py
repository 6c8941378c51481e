from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('hub', '0031_timetable_from_database'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='bookingintent',
            options={'verbose_name': 'booking from amoCRM', 'verbose_name_plural': 'bookings from amoCRM'},
        ),
    ]
