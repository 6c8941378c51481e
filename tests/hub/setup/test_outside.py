"""What the pages need of the layers above is there."""

from django.conf import settings

from priem import bootstrap
from priem.hub.setup.outside import Outside, outside


def test_bootstrap_keeps_what_the_pages_were_promised() -> None:
    kept: Outside = bootstrap  # the type checker compares them

    assert settings.OUTSIDE == "priem.bootstrap"
    assert outside() is kept
    assert {name for name in vars(Outside) if not name.startswith("_")} <= vars(bootstrap).keys()
