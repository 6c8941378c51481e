"""What stands on pages: each part shows a form, looks at what was typed, keeps it. Steps and sections share them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from priem.hub.agents.choosing import AGENT, CARRIED, goes_through_agent
from priem.hub.agents.enrolling import agent_of
from priem.hub.agents.seen import agents_of
from priem.hub.clinics import clinic_data
from priem.hub.models import Clinic, WorkKind
from priem.hub.setup.asking import ConnectorForm
from priem.hub.setup.booking import UsersForm
from priem.hub.setup.branching import BranchesForm
from priem.hub.setup.choices import Choices, choices_of
from priem.hub.setup.job_knobs import JOBS, SLOT_LIST
from priem.hub.setup.keeping import change_config, change_settings, connection_of
from priem.hub.setup.kinds import TITLES, KindOption, free_key
from priem.hub.setup.knobs import Knob, KnobForm
from priem.hub.setup.letting_in import AmoCrmForm, has_token
from priem.hub.setup.looking import look_around
from priem.hub.setup.making import make_fields
from priem.hub.setup.mapping import MappingForm, missing
from priem.hub.setup.night_knobs import ALERTS, RECONCILING
from priem.hub.setup.part import Part
from priem.hub.setup.pictures import account_of, cards_of, sources_of
from priem.hub.setup.sections import (
    APPLICATIONS,
    AUTOMATION,
    DUPLICATES,
    PATIENTS,
    PRICE,
    USERS,
    WINDOW,
    WINNER,
)
from priem.hub.setup.service import ServicePart
from priem.hub.setup.statuses import STATUSES, StatusesForm
from priem.hub.setup.triggers import TriggersForm
from priem.hub.setup.work import Do, latest
from priem.mis import CONNECTORS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class AmoCrmPart(Part):
    template = "hub/setup/amocrm.html"
    needs_account = False

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.form = AmoCrmForm(clinic, request, data)
        self.account = account_of(clinic)
        self.cards = cards_of(clinic)

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def save(self) -> None:
        self.form.save()

    def work(self) -> tuple[WorkKind, Do] | None:
        clinic = Clinic.objects.get(pk=self.clinic.pk)
        return (WorkKind.LOOK, look_around(clinic.slug)) if has_token(clinic) else None


class MisPart(Part):
    """One connection: that which the address names, the only one, or a new one."""

    template = "hub/setup/mis.html"
    needs_account = False

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.rows = choices_of(clinic).connections
        named, asked = request.GET.get("connection", ""), request.GET.get("kind", "")
        first = self.rows[0] if self.rows and not asked else None
        self.row = row = connection_of(clinic, named) if named else first
        self.kind = row.kind if row else asked if asked in CONNECTORS else ""
        self.kinds = [KindOption(kind, str(TITLES.get(kind, kind))) for kind in CONNECTORS]
        # Nobody has said which system it is: then that is the only question.
        self.is_chosen = bool(self.kind)
        self.form = ConnectorForm(self.kind or next(iter(CONNECTORS)), row, data, way=request.GET.get("through"))
        self.may_use_agent = self.kind in CARRIED
        self.is_through_agent = self.form.way == AGENT
        self.agents = agents_of(clinic.pk, row.key) if row and goes_through_agent(row.config) else None
        account = account_of(clinic)
        if row is None and account and "time_zone" in self.form.fields:
            self.form.initial["time_zone"] = account.time_zone
        self.title = str(TITLES.get(self.kind, self.kind)) + (f" ({row.key})" if row else "")
        self.findings = next((seen.findings for seen in sources_of(clinic) if row and seen.connection == row.key), ())

    def is_valid(self) -> bool:
        return self.is_chosen and self.form.is_valid() and self.form.is_taken(self.key)

    @property
    def key(self) -> str:
        return self.row.key if self.row else free_key(self.kind, {row.key for row in self.rows})

    def save(self) -> None:
        self.form.save(self.clinic, self.key)

    def work(self) -> tuple[WorkKind, Do] | None:
        if self.is_through_agent and agent_of(self.clinic.pk, self.key) is None:
            return None  # nobody is there yet who could look
        return WorkKind.LOOK, look_around(self.clinic.slug)


class ChoosingPart(Part):
    """Chooses from pictures of amoCRM and the МИС."""

    choices: Choices

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.choices = choices_of(clinic)


class BranchesPart(ChoosingPart):
    template = "hub/setup/branches.html"

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.form = BranchesForm(self.choices, data)

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def save(self) -> None:
        for connection, changes in self.form.configs():
            change_config(self.clinic, connection, changes)
        change_settings(self.clinic, self.form.applied)


class StagesPart(ChoosingPart):
    template = "hub/setup/stages.html"

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        asked = request.GET.get("branch", "")
        self.branches = self.choices.branches()
        known = {*dict(self.branches), *self.choices.settings.branches}
        self.branch = asked if asked in known else ""
        self.own = {name for name, one in self.choices.settings.branches.items() if one.status_sync}
        self.form = StatusesForm(self.choices, self.branch, data)
        self.samples = [visit for seen in self.choices.sources for visit in seen.samples.visits]
        self.statuses = STATUSES

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def save(self) -> None:
        change_settings(self.clinic, self.form.applied)


class FieldsPart(ChoosingPart):
    template = "hub/setup/fields.html"

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.form = MappingForm(self.choices, data)
        self.price = KnobForm(PRICE, self.choices, data)

    def is_valid(self) -> bool:
        return self.form.is_valid() and self.price.is_valid()

    def save(self) -> None:
        change_settings(self.clinic, lambda settings: self.price.applied(self.form.applied(settings)))

    def work(self) -> tuple[WorkKind, Do] | None:
        now = choices_of(self.clinic)
        return (WorkKind.FIELDS, make_fields(self.clinic.slug)) if missing(now) else None


class KnobsPart(ChoosingPart):
    """Single settings."""

    template = "hub/setup/knobs.html"
    knobs: ClassVar[tuple[Knob, ...]]
    title: ClassVar["StrPromise | str"] = ""
    """Where it stands on a page with others."""
    is_first: ClassVar[bool] = False
    """There it is open from the beginning; others open when somebody asks, or is to correct something."""

    @property
    def is_open(self) -> bool:
        return self.is_first or (self.data is not None and not self.is_valid())

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.form = KnobForm(self.knobs, self.choices, data)

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def save(self) -> None:
        change_settings(self.clinic, self.form.applied)


class DuplicatesPart(KnobsPart):
    knobs = DUPLICATES
    is_first = True
    title = _("Search for duplicates")


class AutomationPart(KnobsPart):
    knobs = (*AUTOMATION, *WINDOW)
    title = _("Automation")


class ApplicationsPart(KnobsPart):
    knobs = APPLICATIONS


class JobsPart(KnobsPart):
    knobs = (*JOBS, *SLOT_LIST)


class PatientsPart(KnobsPart):
    knobs = PATIENTS
    title = _("Who is brought over")


class ReconcilingPart(KnobsPart):
    knobs = RECONCILING


class AlertsPart(KnobsPart):
    knobs = ALERTS
    needs_account = False


class UsersPart(KnobsPart):
    template = "hub/setup/users.html"
    title = _("Users")
    knobs = USERS

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.users = UsersForm(self.choices, data)

    def is_valid(self) -> bool:
        return self.form.is_valid() and self.users.is_valid()

    def save(self) -> None:
        change_settings(self.clinic, lambda settings: self.users.applied(self.form.applied(settings)))


class TriggersPart(KnobsPart):
    template = "hub/setup/triggers.html"
    knobs = WINNER

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.triggers = TriggersForm(self.choices, data)

    def is_valid(self) -> bool:
        return self.form.is_valid() and self.triggers.is_valid()

    def save(self) -> None:
        change_settings(self.clinic, lambda settings: self.triggers.applied(self.form.applied(settings)))


class LaunchPart(Part):
    template = "hub/setup/launch.html"
    needs_account = False

    @property
    def is_seen(self) -> bool:
        """Somebody has looked at what would happen with the settings as they are."""
        return clinic_data(self.clinic).is_seen

    @property
    def is_preview_of_now(self) -> bool:
        """What it found would still happen: it has not happened since."""
        looked, synced = latest(self.clinic, WorkKind.PREVIEW), latest(self.clinic, WorkKind.SYNC)
        return bool(looked and (synced is None or synced.started_at < looked.started_at))


class FilePart(Part):
    template = "hub/setup/file.html"
    needs_account = False


@dataclass(frozen=True, slots=True)
class Section:
    """A page of settings."""

    name: str
    title: "StrPromise"
    lead: "StrPromise"
    parts: Sequence[Callable[[HttpRequest, Clinic, QueryDict | None], Part]]
    can_be_saved: bool = True


SECTIONS: Mapping[str, Section] = {
    section.name: section
    for section in (
        Section(
            "branches",
            _("Branches"),
            _("Which branches are read, by whose time they live, where their leads begin."),
            (BranchesPart,),
        ),
        Section(
            "stages",
            _("Sync of statuses"),
            _("Which stage a lead goes to when the status of its visit changes."),
            (StagesPart,),
        ),
        Section("fields", _("Fields"), _("What of a patient and a visit is to be seen in amoCRM."), (FieldsPart,)),
        Section("users", _("Users"), _("Who of amoCRM's users may book, and in which branches."), (UsersPart,)),
        Section(
            "automation",
            _("Automation"),
            _("What Priem does by itself, and what it leaves alone."),
            (AutomationPart,),
        ),
        Section(
            "duplicates",
            _("Search for duplicates"),
            _("How Priem finds what is there already, so that nothing is made twice."),
            (DuplicatesPart,),
        ),
        Section("patients", _("Who is brought over"), _("Which patients become contacts."), (PatientsPart,)),
        Section(
            "triggers",
            _("From amoCRM to the clinic"),
            _("What moving a lead by hand sets off, where the clinic's system lets others write."),
            (TriggersPart,),
        ),
        Section(
            "applications",
            _("Applications and calls for IDENT"),
            _("What goes from amoCRM to IDENT over IDENT's own protocol."),
            (ApplicationsPart,),
        ),
        Section(
            "service",
            _("Service for IDENT"),
            _("The address that IDENT's program calls, its keys, and how IDENT is answered."),
            (ServicePart,),
        ),
        Section(
            "jobs",
            _("IDENT in amoCRM"),
            _("What else of IDENT amoCRM may show: jobs of the staff, free time of doctors."),
            (JobsPart,),
        ),
        Section(
            "reconciling",
            _("Nightly comparison"),
            _("Once a night Priem compares all links with both sides."),
            (ReconcilingPart,),
        ),
        Section("alerts", _("Alerts"), _("Who of the clinic hears when something stands still."), (AlertsPart,)),
        Section("amocrm", _("amoCRM"), _("The account and Priem's access to it."), (AmoCrmPart,)),
        Section(
            "mis",
            _("MIS"),
            _("Say where the clinic's system is. Priem changes nothing in it unless you ask."),
            (MisPart,),
        ),
        Section(
            "launch",
            _("Check and sync"),
            _("What a sync would do with the settings as they are now, and what it does."),
            (LaunchPart,),
            can_be_saved=False,
        ),
        Section(
            "file",
            _("Settings as a file"),
            _("All of this as one file, to be kept or taken to another clinic."),
            (FilePart,),
            can_be_saved=False,
        ),
    )
}
OF_STEP: Mapping[str, Sequence[str]] = {
    **{name: (name,) for name in ("amocrm", "mis", "branches", "stages", "fields", "launch")},
    "behaviour": ("duplicates", "patients", "automation", "users"),
}
"""The sections whose parts a step of the set-up shows."""
