"""The one place where adapters meet the engine. Everything that starts Priem comes through here."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from datetime import time as datetime_time
from typing import Literal

from priem import configuration
from priem.amocrm.crm import AmoCrm
from priem.configuration import SECRETS, STORED, AmoCrmAccess, ClinicFile, ClinicNames, ConnectionFile
from priem.engine.bindings import bind
from priem.engine.nightly import Nightly
from priem.engine.settings import FieldRule
from priem.engine.sync import Clinic
from priem.engine.taking import wished_of_sources
from priem.engine.uncovered import finding_of_uncovered
from priem.engine.values import VALUES
from priem.errors import AskOperator, PriemError, TryLater
from priem.hub import clinics, explaining
from priem.hub.agents.choosing import open_for_passes, require_settings
from priem.hub.amocrm import subscription
from priem.hub.amocrm.access import authorise, connected, note_account
from priem.hub.amocrm.hearing import Ears, zone_of
from priem.hub.amocrm.remembered import keep
from priem.hub.audit.document import shown
from priem.hub.audit.notes import note
from priem.hub.booking.receptions import desks_of, reception
from priem.hub.clinics import ClinicData, ConnectionData
from priem.hub.clock import SystemClock
from priem.hub.exchanges import DjangoExchanges
from priem.hub.explaining import Explanation
from priem.hub.histories import Kind
from priem.hub.ident.kept import save_services, services_of
from priem.hub.ident.parts import with_ident
from priem.hub.models.audit import Deed
from priem.hub.people import ensure_administrator
from priem.hub.references import resolved
from priem.hub.roles.accounts import people_of, save_people, without_password
from priem.hub.server import serve as serve_hub
from priem.hub.setup.outside import OpenedClinic
from priem.hub.start import setup
from priem.hub.store import DjangoStore
from priem.hub.watch.watcher import Watcher
from priem.model import Account, FieldInfo, Finding, Severity
from priem.ports import K, Source, Store
from priem.texts import text

LONGEST_WAIT_FOR_A_PASS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One clinic, ready for passes."""

    slug: str
    sources: tuple[Source, ...]
    clinic: Clinic
    account: Account


def configure(file: ClinicFile) -> Sequence[str]:
    """Keeps the set-up, gets access with the file's code, makes the fields it asks for. Gives the new ones' names.

    The set-up is kept even when amoCRM cannot be reached: the same file again goes on from there.
    """
    known, clinic = keep_set_up(file)
    with connected(clinic) as crm:
        crm.try_now()
        authorise(crm, file.amocrm, clinic)
        refuse_another_account(known, crm.account())
        made, account = make_fields(crm, file.settings.fields, crm.prepare())
        if made:
            note(clinic.id, Deed.FIELDS, len(made), [("fields", "", ", ".join(made))])
        note_account(clinic.id, account.id)
        keep(clinic.id, account)
        bind(file.settings, account)
    return made


def keep_set_up(file: ClinicFile) -> tuple[ClinicData | None, ClinicData]:
    """The clinic as it was, if it was there, and as it is now. Raises AskOperator for what cannot be kept."""
    setup()
    for row in file.connections:
        try_settings(row)
    known = {clinic.slug: clinic for clinic in clinics.list_clinics()}.get(file.clinic.slug)
    id_ = clinics.save_clinic(clinic_data(file, known))
    for connection in file.connections:
        before = next((row for row in known.connections if row.key == connection.key), None) if known else None
        clinics.save_connection(id_, connection_data(connection, before))
    save_services(id_, file.services)
    save_people(id_, file.people)
    clinic = clinics.load_clinic(file.clinic.slug)
    if known and known.mark != clinic.mark:
        retry_refused(clinic.id)
    return known, clinic


def try_settings(row: ConnectionFile) -> None:
    """Raises AskOperator for what the connector does not take, before anything of the file is kept."""
    new = {name: written for name, written in row.secrets.items() if written != STORED}
    secrets = {**row.secrets, **resolved(new)}
    require_settings(ConnectionData(key=row.key, kind=row.kind, config=row.options, secrets=secrets))


def refuse_another_account(known: ClinicData | None, account: Account) -> None:
    """The links of one account mean nothing in another: they would lead to strangers."""
    if known and known.account and known.account != account.id:
        clinics.save_clinic(known)
        raise AskOperator(
            text("The clinic «{slug}» belongs to another account of amoCRM.", slug=known.slug),
            text("Give the clinic of this account a slug of its own."),
        )


def retry_refused(clinic_id: int) -> None:
    """What amoCRM refused with other settings, it may take with these."""
    store = DjangoStore(clinic_id)
    store.recall(store.refused())


def clinic_data(file: ClinicFile, known: ClinicData | None) -> ClinicData:
    kept = known.client_secret if known else ""
    access = file.amocrm
    return ClinicData(
        slug=file.clinic.slug,
        name=file.clinic.name,
        base_url=access.url,
        client_id=access.client_id,
        client_secret=kept if access.client_secret == STORED else access.client_secret,
        redirect_uri=access.redirect_uri,
        sandbox=access.sandbox,
        live=known.live if known else False,
        settings=configuration.settings_as_json(file.settings),
    )


def connection_data(connection: ConnectionFile, known: ConnectionData | None) -> ConnectionData:
    kept = dict(known.secrets) if known else {}
    own = {name: written for name, written in connection.secrets.items() if written != STORED}
    # TOML knows days and times, what keeps them does not; a connector reads both.
    config = {name: as_written(value) for name, value in connection.options.items()}
    return ConnectionData(key=connection.key, kind=connection.kind, config=config, secrets={**kept, **own})


def as_written(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def make_fields(crm: AmoCrm, rules: Sequence[FieldRule], account: Account) -> tuple[Sequence[str], Account]:
    """Makes the fields that the rules leave to Priem and that are not there yet; gives their names, and the account."""
    contact_fields = make_missing(crm, "contacts", account.contact_fields, rules)
    lead_fields = make_missing(crm, "leads", account.lead_fields, rules)
    with_them = dataclasses.replace(
        account,
        contact_fields=(*account.contact_fields, *contact_fields),
        lead_fields=(*account.lead_fields, *lead_fields),
    )
    return [field.name for field in (*contact_fields, *lead_fields)], with_them


def make_missing(
    crm: AmoCrm, entity: Literal["contacts", "leads"], there: Sequence[FieldInfo], rules: Sequence[FieldRule]
) -> tuple[FieldInfo, ...]:
    names = {field.name.casefold() for field in there}
    of = {"contacts": "patient", "leads": "visit"}[entity]
    wanted = (VALUES[rule.value] for rule in rules if not rule.field and VALUES[rule.value].of == of)
    missing = [
        (value.title, value.field_kind, value.options, "") for value in wanted if value.title.casefold() not in names
    ]
    return crm.create_fields(entity, missing) if missing else ()


def clinic_file(slug: str) -> ClinicFile:
    """The whole set-up; secrets as references, or as «stored»."""
    setup()

    clinic = clinics.load_clinic(slug)
    return ClinicFile(
        clinic=ClinicNames(slug=clinic.slug, name=clinic.name),
        amocrm=AmoCrmAccess(
            url=clinic.base_url,
            client_id=clinic.client_id,
            client_secret=shown(clinic.client_secret),
            redirect_uri=clinic.redirect_uri,
            sandbox=clinic.sandbox,
        ),
        connections=tuple(
            ConnectionFile(
                key=row.key,
                kind=row.kind,
                options=row.config,
                **{name: shown(row.secrets.get(name, "")) for name in SECRETS},
            )
            for row in clinic.connections
        ),
        services=services_of(clinic.id),
        people=people_of(clinic.id),
        settings=configuration.settings_from_json(clinic.settings),
    )


def invited(slug: str) -> Sequence[str]:
    """Who has a role in this clinic and no password yet."""
    return without_password(clinics.load_clinic(slug).id)


def only_clinic(slug: str) -> str:
    """The named clinic, or the only one there is. Raises AskOperator when that is not plain."""
    setup()

    if slug:
        return clinics.load_clinic(slug).slug
    known = [clinic.slug for clinic in clinics.list_clinics()]
    if len(known) == 1:
        return known[0]
    if not known:
        raise AskOperator(
            text("No clinic is set up yet."),
            text("Set one up in the browser, priem serve, or by a file, priem configure FILE."),
        )
    raise AskOperator(
        text("There are several clinics: {list}.", list=", ".join(known)), text("Say which: --clinic NAME.")
    )


@contextlib.contextmanager
def opened(slug: str) -> Iterator[Opened]:
    """Raises AskOperator when the settings name what the account does not have (any more)."""
    setup()

    clinic = clinics.load_clinic(slug)
    settings = configuration.settings_from_json(clinic.settings)
    with connected(clinic) as crm, sources_of(clinic) as sources, desks_of(clinic) as desks:
        account = crm.prepare()
        note_account(clinic.id, account.id)
        bound, store, clock = bind(settings, account), DjangoStore(clinic.id), SystemClock()
        ears = Ears(clinic, crm, store, bound, account, clock)
        desk = reception(clinic.id, crm, bound, desks)
        watch = Watcher(clinic.id)
        parts = Clinic(crm=crm, store=store, bound=bound, clock=clock, ears=ears, watch=watch, reception=desk)
        yield Opened(
            slug=slug,
            sources=sources,
            clinic=with_ident(parts, clinic, crm, account),
            account=account,
        )


def nightly_of(opened: OpenedClinic) -> Nightly | None:
    """When this clinic's links are compared; None for never."""
    at = opened.clinic.bound.settings.reconcile.at
    if not at:
        return None
    return Nightly(at=datetime_time.fromisoformat(at), zone=zone_of(opened.account), since=opened.clinic.clock.now())


@contextlib.contextmanager
def sources_of(clinic: ClinicData) -> Iterator[tuple[Source, ...]]:
    with contextlib.ExitStack() as stack:
        exchanges = DjangoExchanges(clinic.id)
        wishes = wished_of_sources(configuration.settings_from_json(clinic.settings))
        sources = tuple(open_for_passes(clinic.id, row, exchanges, wishes) for row in clinic.connections)
        for source in sources:
            stack.callback(getattr(source, "close", lambda: None))
        yield sources


def check(slug: str) -> Iterator[tuple[str, Sequence[Finding]]]:
    """Every part of a clinic and what was found of it. Nothing is raised for what a person must mend."""
    setup()

    clinic = clinics.load_clinic(slug)
    yield "amoCRM", list(check_amocrm(clinic))
    for row in clinic.connections:
        try:
            with sources_of(dataclasses.replace(clinic, connections=(row,))) as (source,):
                yield f"{row.kind}: {row.key}", [*source.check(), *unknown_statuses(clinic.id, row.key)]
        except PriemError as error:
            yield f"{row.kind}: {row.key}", [Finding(Severity.BROKEN, error.what, error.advice)]


def unknown_statuses(clinic_id: int, connection: str) -> Iterator[Finding]:
    for raw, visits in DjangoStore(clinic_id).unmapped(connection).items():
        yield Finding(
            Severity.WARNING,
            text("The status «{status}» is not known: {visits} visits came with it.", status=raw, visits=visits),
            text("Say in the connection's settings what it means. Until then their leads stay where they are."),
        )


def check_amocrm(clinic: ClinicData) -> Iterator[Finding]:
    try:
        with connected(clinic) as crm:
            crm.try_now()
            account = crm.account()
            yield Finding(
                Severity.FINE,
                text(
                    "Account {name}: {pipelines} pipelines, {users} users.",
                    name=account.subdomain,
                    pipelines=len(account.pipelines),
                    users=len(account.users),
                ),
            )
            if not account.filters_work:
                yield Finding(
                    Severity.WARNING,
                    text("amoCRM ignores filters in this account, so changes are read more slowly."),
                    text("Ask amoCRM's support to switch API filters on."),
                )
            bound = bind(configuration.settings_from_json(clinic.settings), account)
            yield Finding(Severity.FINE, text("All pipelines, stages, fields and users of the settings are there."))
            yield from finding_of_uncovered(bound.settings)
        yield from subscription.findings(clinic)
    except PriemError as error:
        yield Finding(Severity.BROKEN, error.what, error.advice)


def store_of(slug: str) -> DjangoStore:
    """What is remembered of a clinic; nothing outside is asked."""
    setup()

    return DjangoStore(clinics.load_clinic(slug).id)


def key_of(slug: str, kind: type[K], written: str) -> K:
    """`connection:id`, or the id alone where there is one connection. Raises AskOperator when it is not plain."""
    setup()

    known = [row.key for row in clinics.load_clinic(slug).connections]
    connection, colon, id_ = written.partition(":")
    if colon and connection in known and id_:
        return kind(connection, id_)
    if len(known) == 1 and written and not colon:
        return kind(known[0], written)
    raise AskOperator(
        text("Which record «{written}» is meant, is not plain.", written=written),
        text("Write it as connection:id. Connections: {list}.", list=", ".join(known) or "—"),
    )


@contextlib.contextmanager
def between_passes(store: Store) -> Iterator[None]:
    """Waits for the pass under way, if it is a short one. Raises TryLater when it is a long one."""
    with contextlib.ExitStack() as held:
        deadline = time.monotonic() + LONGEST_WAIT_FOR_A_PASS
        while True:
            try:
                held.enter_context(store.exclusively())
                break
            except TryLater:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield


def require_seen(slug: str, *, sure: bool) -> None:
    """Turns the clinic live. Raises AskOperator unless somebody has looked at what a sync would do, or is sure."""
    setup()

    clinic = clinics.load_clinic(slug)
    if not (sure or clinic.sandbox or clinic.is_seen):
        raise AskOperator(
            text("Nobody has looked at what a sync would do with the settings as they are now."),
            text("Look at it with priem plan, then run priem sync. Whoever is sure runs priem sync --yes."),
        )
    clinics.go_live(clinic.id)


def note_seen(slug: str) -> None:
    """Somebody has looked at what a sync would do with the settings as they are now."""
    clinics.note_seen(clinics.load_clinic(slug))


def explain(slug: str, kind: Kind, id_: str) -> Explanation:
    setup()

    clinic = clinics.load_clinic(slug)
    return explaining.explain(clinic.id, configuration.settings_from_json(clinic.settings), kind, id_)


def make_administrator(name: str, password: str) -> None:
    setup()

    ensure_administrator(name, password)


def serve(host: str, port: int) -> None:
    """Blocks until SIGTERM or SIGINT."""
    serve_hub(host, port)
