from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from priem.hub.logs import configure_structlog


class Hub(AppConfig):
    name = "priem.hub"
    label = "hub"
    verbose_name = _("Priem")

    def ready(self) -> None:
        configure_structlog()
        from priem.hub.audit import accounts, watching  # noqa: PLC0415  # models are there only now

        watching.start()
        accounts.start()
