"""Who may come in."""

from django.contrib.auth import get_user_model


def ensure_administrator(name: str, password: str) -> None:
    """An administrator of the whole hub with this password, whether he was there or not."""
    people = get_user_model().objects
    person, _ = people.get_or_create(username=name, defaults={"is_staff": True, "is_superuser": True})
    person.is_staff = person.is_superuser = person.is_active = True
    if not person.check_password(password):
        person.set_password(password)
    person.save()
