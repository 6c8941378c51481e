"""What every part of a page is."""

from typing import ClassVar

from django.http import HttpRequest, QueryDict

from priem.hub.models import Clinic, WorkKind
from priem.hub.setup.work import Do


class Part:
    """One part of a page, for one request."""

    template: ClassVar[str]
    needs_account: ClassVar[bool] = True
    """It chooses from what amoCRM has."""

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        self.request, self.clinic, self.data = request, clinic, data

    def is_valid(self) -> bool:
        return True

    def save(self) -> None:
        """Of a valid part."""

    def work(self) -> tuple[WorkKind, Do] | None:
        """What has to be done outside once it is saved."""
        return None
