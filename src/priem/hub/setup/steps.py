"""The seven steps, in their order: which is done, and which comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from priem.hub.models import AccountPicture, Clinic, Connection, SourcePicture
from priem.hub.setup.keeping import saved_steps
from priem.hub.setup.letting_in import has_token
from priem.model import Severity

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    title: "StrPromise"
    lead: "StrPromise"
    """What is done here, in one sentence."""


STEPS: Sequence[Step] = (
    Step("amocrm", _("amoCRM"), _("Let Priem into the clinic's amoCRM. It reads and writes contacts and leads there.")),
    Step("mis", _("MIS"), _("Say where the clinic's system is. Priem changes nothing in it unless you ask.")),
    Step("branches", _("Branches"), _("Which branches are read, by whose time they live, where their leads begin.")),
    Step("stages", _("Statuses and stages"), _("Which stage a lead goes to when the status of its visit changes.")),
    Step("fields", _("Fields"), _("What of a patient and a visit is to be seen in amoCRM.")),
    Step("behaviour", _("Duplicates and behaviour"), _("The usual choices are made already. Look through them.")),
    Step("launch", _("Check and start"), _("See what would happen before anything happens.")),
)
NAMES = tuple(step.name for step in STEPS)


@dataclass(frozen=True, slots=True)
class Place:
    """A step as the list at the left shows it."""

    step: Step
    number: int
    is_done: bool
    is_current: bool
    can_be_opened: bool
    url: str


def done_steps(clinic: Clinic) -> frozenset[str]:
    saved = saved_steps(clinic)
    done = saved & {"branches", "stages", "fields", "behaviour"}
    if clinic.live:
        return frozenset(NAMES)
    if has_token(clinic) and AccountPicture.objects.of(clinic.pk).exists():
        done |= {"amocrm"}
    if is_read(clinic):
        done |= {"mis"}
    return frozenset(done)


def is_read(clinic: Clinic) -> bool:
    pictures = list(SourcePicture.objects.of(clinic.pk))
    return bool(pictures) and not any(is_broken(picture) for picture in pictures)


def is_broken(picture: SourcePicture) -> bool:
    return any(severity == Severity.BROKEN.value for severity, _what, _advice in picture.findings)


def next_step(clinic: Clinic) -> str:
    """The first that is not done."""
    done = done_steps(clinic)
    return next((name for name in NAMES if name not in done), "launch")


def is_unfinished(clinic: Clinic) -> bool:
    """Somebody is still setting it up: nothing was read for it, neither by the hub nor by `priem sync`."""
    return not clinic.live and not Connection.objects.of(clinic.pk).filter(last_read_at__isnull=False).exists()


def left_off(clinic: Clinic) -> Place | None:
    """Where somebody has stopped; nothing once the clinic is kept in step."""
    if not is_unfinished(clinic):
        return None
    name = next_step(clinic)
    return next(place for place in places(clinic, name) if place.is_current)


def places(clinic: Clinic, current: str) -> list[Place]:
    done, first_open = done_steps(clinic), NAMES.index(next_step(clinic))
    return [
        Place(
            step=step,
            number=number + 1,
            is_done=step.name in done,
            is_current=step.name == current,
            can_be_opened=number <= first_open,
            url=url_of(clinic, step.name),
        )
        for number, step in enumerate(STEPS)
    ]


def url_of(clinic: Clinic, name: str) -> str:
    return reverse("setup_step", args=[clinic.slug, name])


def after(name: str) -> str:
    return NAMES[min(NAMES.index(name) + 1, len(NAMES) - 1)]


def before(name: str) -> str:
    """Empty for the first."""
    place = NAMES.index(name)
    return NAMES[place - 1] if place else ""
