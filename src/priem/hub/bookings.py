"""The store's part for bookings. What each method promises stands in priem/intents.py."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, connection, transaction

from priem.booking import RefusalKind, Refused
from priem.engine.collisions import OTHER_CONTENT, being_given, collision, forgotten, given_up, other_content
from priem.hub.booking_rows import columns_of, content_of, intent_of
from priem.hub.merges import swallowers
from priem.hub.models import ArmedStage, BookingIntent, Connection, LeadMove, PatientLink, StepRecord, VisitLink
from priem.hub.models.journal import Entity
from priem.hub.presence import has_any
from priem.hub.quick import rows_of
from priem.hub.surroundings import contact_owners, leads_by_id, owners_with_merges
from priem.intents import Deed, Finished, Intent, Move, Phase, Wanted
from priem.model import PatientKey, VisitKey

MOST_SHOWN = 20
FOR_EVER = datetime(9000, 1, 1, tzinfo=UTC)
TURNS_UP_WITHIN = timedelta(days=1)
BOOKED = "booked"
"""By which rule these links are made."""
OPEN = (Phase.INTENDED.value, Phase.SENT.value)
WATCHED = f"""
    SELECT 1 FROM {BookingIntent._meta.db_table}
    WHERE clinic_id = %s AND connection = %s AND watched_until IS NOT NULL AND watched_until > %s LIMIT 1
"""  # noqa: S608, SLF001  # nothing but our own table's name, which only Django's documented _meta tells


class DjangoBookings:
    """The methods of priem.intents.Intents, for the store that has these."""

    _clinic: int
    _now: Callable[[], datetime]

    @transaction.atomic
    def begin(self, wanted: Wanted) -> tuple[Intent, bool]:
        self._one_by_one(wanted)
        row = BookingIntent.objects.of(self._clinic).filter(ref=wanted.ref).first()
        if row and other_content(intent_of(row), wanted):
            raise Refused(RefusalKind.OTHER, OTHER_CONTENT)
        if row and row.phase != Phase.NOT_DONE:
            return intent_of(row), False
        if refused := collision(wanted, self._open_beside(wanted)):
            raise refused
        if wanted.lead and wanted.deed is Deed.BOOK and self._is_being_given(wanted.lead):
            raise being_given()
        now = self._now()
        row = row or BookingIntent(clinic_id=self._clinic, ref=wanted.ref, attempt=0)
        for name, value in columns_of(wanted).items():
            setattr(row, name, value)
        row.phase, row.attempt, row.kind, row.said = Phase.INTENDED.value, row.attempt + 1, "", None
        row.begun_at = row.changed_at = now
        row.watched_until = FOR_EVER
        row.save()
        return intent_of(row), True

    def _is_being_given(self, lead: int) -> bool:
        steps = StepRecord.objects.of(self._clinic).filter(finished_at__isnull=True, entity=Entity.LEAD, target=lead)
        return steps.exists() and not owners_with_merges(self._clinic, [lead])

    def _open_beside(self, wanted: Wanted) -> Sequence[Intent]:
        rows = BookingIntent.objects.of(self._clinic).filter(phase__in=OPEN)
        there = rows.filter(connection=wanted.connection, watched_until__isnull=False)
        from_lead = rows.filter(lead=wanted.lead) if wanted.lead else rows.none()
        return [intent_of(one) for one in (*there, *from_lead)]

    def _one_by_one(self, wanted: Wanted) -> None:
        """PostgreSQL would let two look at once and write both; SQLite has one writer anyway. A lead may be booked from
        in every connection of its clinic."""
        rows = Connection.objects.of(self._clinic).order_by("pk")
        beside = rows if wanted.lead else rows.filter(key=wanted.connection)
        list(beside.select_for_update().values_list("pk"))

    def _row(self, id_: int) -> BookingIntent:
        return BookingIntent.objects.of(self._clinic).select_for_update().get(pk=id_)

    def _save(self, row: BookingIntent) -> None:
        row.changed_at = self._now()
        row.save()

    @transaction.atomic
    def patient_known(self, id_: int, patient: PatientKey) -> None:
        row = self._row(id_)
        row.patient = patient.id
        self._save(row)
        links = PatientLink.objects.of(self._clinic)
        if row.contact is None or links.filter(connection=patient.connection, patient=patient.id).exists():
            return
        contact = swallowers(self._clinic, Entity.CONTACT, [row.contact]).get(row.contact, row.contact)
        owners = contact_owners(self._clinic, [contact]).get(contact, ())
        if not any(owner.connection == patient.connection for owner in owners):
            PatientLink.objects.create(
                clinic_id=self._clinic,
                connection=patient.connection,
                patient=patient.id,
                contact=contact,
                rule=BOOKED,
                made_at=self._now(),
            )

    @transaction.atomic
    def sent(self, id_: int, attempt: int) -> None:
        row = self._row(id_)
        if row.phase not in OPEN or row.attempt != attempt:
            raise given_up()
        row.phase = Phase.SENT.value
        self._save(row)

    @transaction.atomic
    def turned_up(self, id_: int, visit: VisitKey) -> None:
        row = self._row(id_)
        if row.lead:
            self._link_booked(visit, row.lead)
        if row.phase == Phase.NOT_DONE:
            row.phase, row.watched_until = Phase.SENT.value, FOR_EVER
            row.save()

    @transaction.atomic
    def finish(self, id_: int, outcome: Finished) -> Intent:
        row = self._row(id_)
        if row.phase == Phase.DONE:
            return intent_of(row)
        if outcome.visit and row.lead and not row.visit:
            self._link_booked(outcome.visit, row.lead)
        row.content = content_of(forgotten(intent_of(row).wanted, outcome.phase))
        row.phase, row.kind = outcome.phase.value, outcome.kind.value if outcome.kind else ""
        row.result = outcome.visit.id if outcome.visit else ""
        row.said, row.note = outcome.said, outcome.note
        self._watch(row)
        self._save(row)
        return intent_of(row)

    def _watch(self, row: BookingIntent) -> None:
        """For as long as a pass has anything to do with it: see Intents.unsettled."""
        if row.phase in OPEN or row.note:
            row.watched_until = FOR_EVER
        elif row.phase == Phase.NOT_DONE and row.deed == Deed.BOOK:
            row.watched_until = self._now() + TURNS_UP_WITHIN
        else:
            row.watched_until = None

    def _link_booked(self, visit: VisitKey, lead: int) -> None:
        lead = swallowers(self._clinic, Entity.LEAD, [lead]).get(lead, lead)
        known = VisitLink.objects.of(self._clinic).filter(connection=visit.connection, visit=visit.id)
        if known.exists() or owners_with_merges(self._clinic, [lead]):
            return
        place = leads_by_id(self._clinic, [lead]).get(lead)
        try:
            with transaction.atomic():
                VisitLink.objects.create(
                    clinic_id=self._clinic,
                    connection=visit.connection,
                    visit=visit.id,
                    lead=lead,
                    pipeline=place.pipeline if place else 0,
                    stage=place.stage if place else 0,
                    rule=BOOKED,
                    made_at=self._now(),
                )
        except IntegrityError:
            return  # a pass has linked one of them this very moment

    def intent(self, ref: str) -> Intent | None:
        row = BookingIntent.objects.of(self._clinic).filter(ref=ref).first()
        return intent_of(row) if row else None

    def unsettled(self, connection: str) -> Sequence[Intent]:
        # Asked for each time: a visit that is being booked this very moment must not get a second lead.
        if not watched(self._clinic, connection, self._now()):
            return []
        rows = BookingIntent.objects.of(self._clinic).filter(connection=connection)
        open_ = rows.filter(watched_until__isnull=False, watched_until__gt=self._now())
        return [intent_of(row) for row in open_.order_by("id")]

    @transaction.atomic
    def noted(self, id_: int) -> None:
        row = self._row(id_)
        row.note = ""
        self._watch(row)
        row.save()

    def bookings_of(self, lead: int) -> Sequence[Intent]:
        rows = BookingIntent.objects.of(self._clinic).filter(lead=lead).order_by("-id")
        return [intent_of(row) for row in rows[:MOST_SHOWN]]

    def visits_of_leads(self, leads: Collection[int]) -> Mapping[int, VisitKey]:
        return owners_with_merges(self._clinic, list(leads))

    def patients_of_contacts(self, contacts: Collection[int]) -> Mapping[int, tuple[PatientKey, ...]]:
        return contact_owners(self._clinic, list(contacts))

    def stands_by_us(self, visit: VisitKey, pipeline: int, stage: int, status: str = "") -> None:
        rows = VisitLink.objects.of(self._clinic).filter(connection=visit.connection, visit=visit.id)
        rows.update(pipeline=pipeline, stage=stage, **({"status": status} if status else {}))

    @transaction.atomic
    def arm(self, stages: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], datetime]:
        if not (stages or has_any(ArmedStage, self._clinic)):
            return {}
        rows = rows_of(ArmedStage, self._clinic, "pipeline", "stage", "id", "since")
        known = {(pipeline, stage): (id_, since) for pipeline, stage, id_, since in rows}
        if gone := [id_ for stage, (id_, _) in known.items() if stage not in stages]:
            ArmedStage.objects.of(self._clinic).filter(pk__in=gone).delete()
        now = self._now()
        fresh = [stage for stage in stages if stage not in known]
        ArmedStage.objects.bulk_create(
            ArmedStage(clinic_id=self._clinic, pipeline=pipeline, stage=stage, since=now) for pipeline, stage in fresh
        )
        return {stage: known[stage][1] if stage in known else now for stage in stages}

    def moves(self) -> Sequence[Move]:
        if not has_any(LeadMove, self._clinic):
            return []
        rows = rows_of(LeadMove, self._clinic, "id", "lead", "pipeline", "stage", order="id")
        return [Move(*row) for row in rows]

    def moves_are_over(self, ids: Collection[int]) -> None:
        LeadMove.objects.of(self._clinic).filter(pk__in=list(ids)).delete()


def watched(clinic_id: int, connection_key: str, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WATCHED, [clinic_id, connection_key, connection.ops.adapt_datetimefield_value(now)])
        return cursor.fetchone() is not None
