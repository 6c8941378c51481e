"""How long the hub's pages take in a large clinic on SQLite: a million patients, five million rows of the journal.

    python -m bench.pages --json

The database is filled with SQL, not by syncing. Each page is asked for as the owner of the hub, a few times; what
counts is the median of the server's own time, without the network.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.machine import machine
from priem.model import Account, FieldInfo, PipelineInfo, StageInfo
from priem.showing import Directory

LONGEST = 300.0
"""Milliseconds that a page may take."""
FAR = "far"
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
LAST = "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || (({count} - i) * {every}) || ' seconds')"
TABLES = {
    "hub_patientlink": """(clinic_id, connection, patient, contact, fingerprint, by_person, rule, made_at)
        SELECT {clinic}, 'ident', i, 1000000 + i, 'f', 0, 'nobody', {moment} FROM n""",
    "hub_patientsource": """(clinic_id, connection, patient, source)
        SELECT {clinic}, 'ident', i, 'Источник ' || (i % 12) FROM n""",
    "hub_mirroredcontact": """(clinic_id, crm_id, name, phones, keys, fields, created_at, updated_at, responsible)
        SELECT {clinic}, 1000000 + i, 'Пациент ' || i, '[]', '["ident:' || i || '"]', '{{}}', 1, 1, 1 FROM n""",
}
VISITS = {
    "hub_visitlink": """(clinic_id, connection, visit, lead, fingerprint, pipeline, stage, by_person, rule, made_at)
        SELECT {clinic}, 'ident', i, 2000000 + i, 'f', 1, 1, 0, 'nobody', {moment} FROM n""",
    "hub_visitfact": """(clinic_id, connection, visit, patient, branch, status, came, paid, total)
        SELECT {clinic}, 'ident', i, i, 'Филиал ' || (i % 5), 'paid', i % 2, i % 3 = 0, 1900 FROM n""",
    "hub_mirroredlead": """(clinic_id, crm_id, name, pipeline, stage, price, contacts, keys, fields, created_at,
            updated_at, responsible, source)
        SELECT {clinic}, 2000000 + i, 'Приём', 1, 1, 0, '[]', '[]', '{{}}',
            unixepoch('now') - ({count} - i) * {every}, 1, 1, CASE WHEN i % 3 = 0 THEN 'utm-' || (i % 20) ELSE '' END
        FROM n""",
    "hub_identticket": """(clinic_id, connection, ticket, at, lead, content, discarded, pipeline, stage, told)
        SELECT {clinic}, 'ident', 'amo-' || i, {moment}, 2000000 + i, '{{}}', 0, 1, 1, '' FROM n""",
    "hub_identcall": """(clinic_id, connection, call, started_at, content)
        SELECT {clinic}, 'ident', 'call-' || i, {moment}, '{{}}' FROM n""",
    "hub_bookingintent": """(clinic_id, ref, deed, connection, actor, lead, visit, patient, doctor, branch, room,
            content, phase, attempt, result, kind, note, begun_at, changed_at)
        SELECT {clinic}, 'ref-' || i, 'book', 'ident', '', 2000000 + i, i, i, '7', '1', '', '{{}}',
            CASE WHEN i % 500 = 0 THEN 'refused' ELSE 'done' END, 1, '', '', '', {moment}, {moment} FROM n""",
}
DESK = {
    "hub_question": """(clinic_id, connection, patient, candidates, asked_at)
        SELECT {clinic}, 'ident', i, '[[1000001, "phone:other_name"], [1000002, "phone:name"]]', {moment} FROM n""",
    "hub_recalledrecord": """(clinic_id, connection, kind, record, waits_for)
        SELECT {clinic}, 'ident', 'visit', i, 'ident:' || i FROM n""",
    "hub_rejectedrow": """(clinic_id, connection, kind, record, reason, first_seen, last_seen)
        SELECT {clinic}, 'ident', 'visit', i, '{{"template": "The visit has no beginning.", "values": {{}}}}',
            {moment}, {moment} FROM n""",
    "hub_revision": """(clinic_id, at, name, document, changes)
        SELECT {clinic}, {moment}, 'owner', '{{}}', '[["leads.create", "true", "false"]]' FROM n""",
    "hub_incident": """(clinic_id, kind, connection, what, began_at, over_at, caught_up)
        SELECT {clinic}, 'away', 'ident', '{{"template": "Nothing answers.", "values": {{}}}}', {moment}, {moment}, 0
        FROM n""",
}
LOGS = {
    "hub_auditentry": """(clinic_id, at, name, deed, about, changes)
        SELECT {clinic}, {moment}, 'owner', CASE WHEN i % 2 THEN 'looked' ELSE 'link' END, 'patient ident:' || i,
            '[["contact", "1", "2"]]' FROM n""",
    "hub_plannedstep": """(clinic_id, entity, action, key, target, why, called)
        SELECT {clinic}, 'contact', 'create', 'ident:' || i, NULL,
            '{{"rule": "nobody", "stage_rule": "", "candidates": []}}', '' FROM n""",
}
JOURNAL = {
    "hub_steprecord": """(clinic_id, action, entity, connection, record, target, changes, why, state, request_id,
            intended_at, finished_at, pass_id)
        SELECT {clinic}, 'update', 'contact', 'ident', i % 1000000, 1000000 + i % 1000000, '["name"]',
            '{{"rule": "link"}}', CASE WHEN i % 500 = 0 THEN 'refused' ELSE 'done' END, 'r' || i, {moment}, {moment},
            '00000000000000000000000000000000' FROM n""",
    "hub_exchangerecord": """(clinic_id, system, what, sort, incoming, failed, started_at, milliseconds, status, items,
            times, request_id)
        SELECT {clinic}, CASE WHEN i % 4 = 0 THEN 'ident' ELSE 'amocrm' END, 'PATCH /api/v4/contacts',
            CASE i % 4 WHEN 0 THEN 'visits' WHEN 1 THEN 'contacts' WHEN 2 THEN 'leads' ELSE 'hook' END, i % 4 = 3,
            i % 200 = 1, {moment}, 312, 200, 1, 1, 'r' || i FROM n""",
    "hub_exchangesubject": """(clinic_id, number, kind, connection, exchange_id)
        SELECT {clinic}, i % 1000000, 'patient', 'ident', i FROM n""",
}


def fill(clinic_id: int, patients: int, visits: int, journal: int) -> None:
    from django.db import connection  # noqa: PLC0415 - once the hub is set up

    year = 365 * 24 * 3600
    parts = [(TABLES, patients), (LOGS, patients), (VISITS, visits), (DESK, patients // 200), (JOURNAL, journal)]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("PRAGMA cache_size=-400000")
        for tables, count in parts:
            every = max(1, year // count)
            for table, rows in tables.items():
                values = {"clinic": clinic_id, "count": count, "every": every if count < year else 1}
                moment = LAST.format(**values)
                began = time.monotonic()
                cursor.execute(
                    f"{NUMBERS.format(count=count)} INSERT INTO {table} {rows.format(moment=moment, **values)}"
                )
                sys.stderr.write(f"{table}: {count} in {time.monotonic() - began:.0f} s\n")
        cursor.execute("PRAGMA optimize=0x10002")


def look(clinic_id: int) -> None:
    """What the forms of the set-up choose from: a large account of amoCRM, and a clinic with many branches."""
    from priem.hub.setup.pictures import SourceLook, keep_account, keep_source  # noqa: PLC0415 - once the hub is set up

    pipelines = tuple(
        PipelineInfo(number, f"Воронка {number}", tuple(StageInfo(number * 100 + i, f"Этап {i}", i) for i in range(15)))
        for number in range(1, 21)
    )
    account = Account(
        id=1,
        name="Большая клиника",
        subdomain="large",
        time_zone="Europe/Moscow",
        filters_work=True,
        pipelines=pipelines,
        users={number: f"Менеджер {number}" for number in range(200)},
        contact_fields=tuple(FieldInfo(number, f"Поле {number}", "text") for number in range(100)),
        lead_fields=tuple(FieldInfo(number, f"Поле {number}", "text") for number in range(100, 250)),
    )
    keep_account(clinic_id, account)
    branches = {str(number): f"Филиал {number}" for number in range(1, 21)}
    doctors = {str(number): f"Врач {number}" for number in range(300)}
    directory = Directory(branches=branches, doctors=doctors)
    keep_source(clinic_id, SourceLook(connection="ident", directory=directory))


def furnish(clinic_id: int) -> None:
    """What there is one of: a service for IDENT with its timetable, and a connection through an agent."""
    from priem.hub.clinics import ConnectionData, save_connection  # noqa: PLC0415 - as above
    from priem.hub.ident.services import open_service  # noqa: PLC0415 - as above
    from priem.hub.models import Clinic, Timetable  # noqa: PLC0415 - as above

    open_service(clinic_id, "ident", "Europe/Moscow")
    now = Clinic.objects.get(pk=clinic_id).created_at
    Timetable.objects.get_or_create(clinic_id=clinic_id, connection="ident", defaults={"posted_at": now})
    save_connection(clinic_id, ConnectionData(key=FAR, kind="ident", config={"through": "agent"}))


def pages(slug: str) -> list[str]:
    from django.urls import reverse  # noqa: PLC0415 - as above

    from priem.hub.setup.parts import SECTIONS  # noqa: PLC0415 - as above
    from priem.hub.setup.steps import NAMES  # noqa: PLC0415 - as above

    history = reverse("history", args=[slug])
    lists = ("clinic", "connection", "patientlink", "visitlink", "steprecord", "rejectedrow")
    of_ident = ("identticket", "identcall", "timetable", "identservice", "bookingintent")
    month = f"{reverse('report', args=[slug])}?since={date.today() - timedelta(365)}&until={date.today()}"  # noqa: DTZ011  # any year
    return [
        reverse("admin:index"),
        reverse("admin:app_list", args=["hub"]),
        reverse("admin:auth_user_changelist"),
        *(reverse(f"admin:hub_{name}_{of}", args=[1]) for name in (*lists, *of_ident) for of in ("change", "history")),
        *(reverse(f"admin:hub_{name}_changelist") for name in (*lists, *of_ident)),
        reverse("admin:hub_patientlink_changelist") + "?q=4821",
        *(reverse("admin:hub_bookingintent_changelist") + f"?phase__exact={phase}" for phase in ("refused", "sent")),
        reverse("admin:hub_visitlink_changelist") + "?q=4821",
        reverse("admin:hub_steprecord_changelist") + "?state__exact=refused",
        reverse("admin:hub_steprecord_changelist") + "?q=4821",
        reverse("incidents"),
        reverse("report", args=[slug]),
        month,
        history,
        *(f"{history}?{query}" for query in ("result=failed", "direction=in", "sort=leads", "q=4821")),
        f"{history}?sort=tasks&result=failed&system=ident",
        f"{history}?result=failed&since=2026-01-01&until=2026-03-01",
        reverse("history_exchange", args=[slug, 1001]),
        reverse("questions"),
        reverse("records"),
        reverse("records") + "?q=nothing",
        *(reverse("record", args=[slug, "patient", f"ident:{id_}"]) for id_ in (1, 4821)),
        *(reverse("record", args=[slug, "visit", f"ident:{id_}"]) for id_ in (1, 4821)),
        *(reverse("audit") + query for query in ("", "?deed=link", "?deed=role", f"?clinic={slug}")),
        reverse("settings_history", args=[slug]),
        reverse("settings_look", args=[slug, 1]),
        reverse("setup_file", args=[slug]),
        reverse("setup_agents", args=[slug, FAR]),
        reverse("people"),
        *(reverse("setup_step", args=[slug, name]) for name in NAMES),
        *(reverse("settings_section", args=[slug, name]) for name in SECTIONS),
        reverse("setup_planned", args=[slug, "contact", "create"]),
        "/healthz",
        "/metrics",
    ]


def timed(client: Any, url: str, times: int) -> tuple[float, int]:
    """The median in milliseconds, and the status."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        status = client.get(url, headers={"accept-language": "ru"}).status_code
        spent.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(spent), 1), status


def measure(options: argparse.Namespace) -> dict[str, Any]:
    from priem.hub.start import setup  # noqa: PLC0415 - it needs PRIEM_HOME

    setup()
    from django.contrib.auth.models import User  # noqa: PLC0415 - as above
    from django.test import Client  # noqa: PLC0415 - as above

    from priem.hub.models import Clinic, Connection  # noqa: PLC0415 - as above

    clinic = Clinic.objects.filter(slug="large").first()
    if clinic is None:
        clinic = Clinic.objects.create(
            slug="large", name="Большая клиника", base_url="https://large.amocrm.ru", live=True
        )
        Connection.objects.create(clinic=clinic, key="ident", kind="ident")
        fill(clinic.pk, options.patients, options.visits, options.journal // 2)
        look(clinic.pk)
    furnish(clinic.pk)
    owner, _ = User.objects.get_or_create(username="owner", defaults={"is_staff": True, "is_superuser": True})
    client = Client(SERVER_NAME="localhost")
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    found = {url: timed(client, url, options.times) for url in pages("large")}
    return {
        "machine": machine(),
        "patients": options.patients,
        "journal": options.journal,
        "milliseconds": {url: spent for url, (spent, _) in found.items()},
        "too_slow": {url: spent for url, (spent, _) in found.items() if spent > LONGEST},
        "wrong": {url: status for url, (_, status) in found.items() if status != 200},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--visits", type=int, default=300_000)
    parser.add_argument("--journal", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--home", type=Path, help="keep the database here, and take the one that is there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PRIEM_HOME"] = str(options.home or folder)
        os.environ["PRIEM_LOG_LEVEL"] = "ERROR"
        result = measure(options)
    print(json.dumps(result, ensure_ascii=False) if options.json else json.dumps(result, ensure_ascii=False, indent=2))
    sys.exit(1 if result["too_slow"] or result["wrong"] else 0)


if __name__ == "__main__":
    main()
