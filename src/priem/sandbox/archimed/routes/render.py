"""Records as the API writes them, by version: ids, empty references, dates."""

from datetime import date, datetime

from ..settings import Shape
from ..state.branch import Branch
from ..state.records import Doctor, Group, Medcard, Service, Talon

Row = dict[str, object]

CITO = 1.5


def day(moment: date | None) -> str:
    """`21.01.2021`; empty for none."""
    return moment.strftime("%d.%m.%Y") if moment else ""


def clock_time(moment: datetime) -> str:
    """`08:20`, as the schedule has it."""
    return moment.strftime("%H:%M")


def moment(at: datetime) -> str:
    """`21.01.2021 11:33:33`, local and without a zone."""
    return at.strftime("%d.%m.%Y %H:%M:%S")


class Renderer:
    """Of one branch in one version."""

    def __init__(self, branch: Branch, shape: Shape) -> None:
        self._branch = branch
        self._shape = shape

    def id(self, number: int) -> int | str:
        """A number or its text."""
        return str(number) if self._shape.ids_as_text else number

    def reference(self, number: int | None) -> int | str | None:
        """Not set is 0 or null."""
        if not number:
            return None if self._shape.nulls else 0
        return self.id(number)

    def text(self, value: str) -> str | None:
        """Not set is an empty text or null."""
        return value or (None if self._shape.nulls else "")

    def _named(self, kind: str, field: str, number: int) -> Row:
        name = self._branch.dictionaries.name(kind, number)
        return {f"{field}_id": self.reference(number), field: self.text(name)}

    # --- talons -----------------------------------------------------------------------------------

    def talon(self, talon: Talon) -> Row:
        """docs/reference/archimed.md §1.4."""
        return {
            "id": self.id(talon.id),
            **self._patient_of(talon),
            "info": talon.info,
            "begintime": talon.start.strftime("%H:%M:%S"),
            "endtime": talon.end.strftime("%H:%M:%S"),
            "date": day(talon.start),
            "datetime": moment(talon.start),
            "room": talon.room,
            "creator": talon.creator,
            **self._status_of(talon),
            "creation_datetime": moment(talon.created),
            "update_datetime": moment(talon.updated),
            **self._named("reception_types", "reception_type", talon.reception_type_id),
            **self._named("com_statuses", "com_status", talon.com_status_id),
            **self._named("info_sources", "info_source", talon.info_source_id),
            **self._named("record_types", "record_type", talon.record_type_id),
            "owner_id": self.reference(0),
            **self._named("talondeletereasons", "delete_reason", talon.delete_reason_id),
            "deleted": talon.deleted,
            **self._people_of(talon),
        }

    def _patient_of(self, talon: Talon) -> Row:
        card = self._branch.medcards.get(talon.patient_id)
        return {
            "patient_id": self.reference(talon.patient_id),
            "number": card.number if card else "",
            "patient_name": card.full_name if card else talon.name,
            "patient_phone": card.phone if card else talon.phone,
            "patient_email": card.email if card else "",
            "sms_send": card.sms_send if card else False,
            "email_send": int(card.email_send) if card else 0,
        }

    def _status_of(self, talon: Talon) -> Row:
        status = self._branch.statuses.get(talon.status_id)
        return {"status_id": self.reference(talon.status_id), "status": self.text(status.name if status else "")}

    def _people_of(self, talon: Talon) -> Row:
        agent = self._branch.dictionaries.name("agents", talon.agent_id)
        return {
            "docs": self._doctors(talon.doctor_id),
            "assistants": self._doctors(talon.assistant_id),
            "agents": [{"id": self.id(talon.agent_id), "name": agent}] if agent else [],
        }

    def _doctors(self, number: int) -> list[Row]:
        doctor = self._branch.doctors.get(number)
        if doctor is None:
            return []
        return [{"id": self.id(doctor.id), "name": doctor.full_name, "type": self._speciality(doctor)}]

    def _speciality(self, doctor: Doctor) -> str:
        return self._branch.dictionaries.name("specializations", doctor.specialities[0])

    # --- medcards ---------------------------------------------------------------------------------

    def medcard(self, card: Medcard) -> Row:
        """docs/reference/archimed.md §1.6."""
        has_document = bool(card.document)
        return {
            "id": self.id(card.id),
            "last_name": card.last_name,
            "first_name": card.first_name,
            "middle_name": card.middle_name,
            "birthdate": self.text(day(card.birthdate)),
            "phone": card.phone,
            "gendertype": "1" if card.female else "0",
            "creationdate": day(card.created),
            "changedate": moment(card.changed),
            "number": card.number,
            "work_name": self.text(""),
            "office_name": self.text(""),
            "profession": self.text(card.profession),
            "phone1": self.text(card.phone1),
            "email": self.text(card.email),
            "sms_send": int(card.sms_send),
            "email_send": int(card.email_send),
            "registration_address": self.text(card.registration_address),
            "residence_address": self.text(""),
            "doc_name": "Паспорт" if has_document else self.text(""),
            "doc_series": card.document[:4] if has_document else self.text(""),
            "doc_number": card.document[4:] if has_document else self.text(""),
            "doc_issue": self.text(""),
            "doc_date": self.text(""),
        }

    # --- doctors ----------------------------------------------------------------------------------

    def doctor(self, doctor: Doctor) -> Row:
        """docs/reference/archimed.md §1.7; references that are not set are null in every version."""
        building = self._branch.buildings.get(doctor.building_id)
        has_building = building if doctor.department_id else None
        return {
            "id": self.id(doctor.id),
            **self._doctors_names(doctor),
            "type": self._speciality(doctor),
            "code": str(doctor.id),
            "max_time": self._max_time(doctor),
            "phone": doctor.phone,
            "snils": doctor.snils,
            "info": "",
            **self._or_null("zones", "zone", doctor.zone_id),
            **self._or_null("branchs", "branch", doctor.department_id),
            **self._or_null("categories", "category", doctor.category_id),
            **self._or_null("scientific_degrees", "scientific_degree", doctor.degree_id),
            "user_id": doctor.user_id,
            "photo": None,
            "address": has_building.address if has_building else None,
            "building_name": has_building.name if has_building else None,
            "building_web_name": None,
            "primary_type_id": self.id(doctor.specialities[0]),
            "types": [
                {"id": self.id(number), "name": self._branch.dictionaries.name("specializations", number)}
                for number in doctor.specialities
            ],
        }

    def _doctors_names(self, doctor: Doctor) -> Row:
        names = ("name", "name1", "name2")
        if self._shape.doctor_names == "last_name":
            names = ("last_name", "first_name", "middle_name")
        return dict(zip(names, (doctor.last_name, doctor.first_name, doctor.middle_name), strict=True))

    def _max_time(self, doctor: Doctor) -> int | str:
        """A number in one row and a text in the next, where ids are texts."""
        return str(doctor.max_time) if self._shape.ids_as_text and doctor.id % 2 else doctor.max_time

    def _or_null(self, kind: str, field: str, number: int | None) -> Row:
        name = self._branch.dictionaries.name(kind, number)
        return {f"{field}_id": self.id(number) if number else None, field: name or None}

    # --- prices -----------------------------------------------------------------------------------

    def service(self, service: Service) -> Row:
        """docs/reference/archimed.md §1.8."""
        group = self._branch.groups.get(service.group_id)
        return {
            "id": self.id(service.id),
            "kind": service.kind,
            "code": service.code,
            "name": service.name,
            "altcode": self.text(""),
            "altname": self.text(""),
            "barcode": self.text(""),
            "info": self.text(""),
            "group_name": group.name if group else None,
            "group_id": self.id(service.group_id),
            "mz_code": self.text(""),
            "cito_cost": round(service.base_cost * CITO),
            "duration": service.duration,
            "base_cost": service.base_cost,
            "purchase_price": 0,
            "denomination": 1,
            "unit_id": None,
            "unit": None,
        }

    def group(self, group: Group) -> Row:
        """`owner` is the group above."""
        return {"id": self.id(group.id), "code": group.code, "name": group.name, "owner": self.reference(group.owner)}
