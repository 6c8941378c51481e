"""What a clinic decides about the time when nobody looks: what is compared at night, and who is woken."""

from django.utils.translation import gettext_lazy as _

from priem.hub.setup.knobs import Knob

RECONCILING = (
    Knob(
        path="reconcile.at",
        kind="time",
        label=_("Compare everything at"),
        help=_("Once a night all links are compared with both sides. amoCRM's time zone; empty: never."),
    ),
    Knob(
        path="reconcile.repair",
        kind="flag",
        label=_("Repair what differs"),
        help=_("Else it is only shown."),
    ),
)

ALERTS = (
    Knob(
        path="alerts.mail",
        kind="addresses",
        label=_("Who is told of incidents, by mail"),
        help=_(
            "One address in a line. Each incident of this clinic is told once when it begins and once when it is over. "
            "Empty: whoever looks after the hub is told."
        ),
    ),
)
