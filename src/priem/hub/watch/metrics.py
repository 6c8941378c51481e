"""For Prometheus: how clinics do, by their short names. No patient, no phone.

Answers to this machine itself, and to whoever brings PRIEM_METRICS_TOKEN as a bearer token.
"""

import hmac
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from priem.hub.models import Clinic, Connection, Incident, IncidentKind
from priem.hub.store import utc_now
from priem.hub.watch import delays, figures
from priem.hub.watch.instep import in_step
from priem.hub.watch.shard_metrics import Shards

LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_look(request):
        return HttpResponseForbidden("bearer token\n", content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(Clinics(utc_now()))
    registry.register(Shards())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_look(request: HttpRequest) -> bool:
    token = os.environ.get("PRIEM_METRICS_TOKEN", "")
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    # Behind a proxy everybody comes from this machine.
    is_forwarded = any(request.headers.get(name) for name in FORWARDED)
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded


class Clinics(Collector):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        clinics = list(Clinic.objects.order_by("slug").values_list("pk", "slug"))
        yield self._incidents(clinics)
        yield self._last_read(clinics)
        yield self._last_answers(clinics)
        yield from self._delays(clinics)
        yield self._in_step(clinics)
        yield from self._requests(clinics)
        yield self._waiting(clinics)

    def _incidents(self, clinics: list[tuple[int, str]]) -> GaugeMetricFamily:
        family = GaugeMetricFamily("priem_incidents", "Troubles that go on", labels=("clinic", "kind"))
        rows = Incident.objects.of_all().filter(over_at__isnull=True).values_list("clinic_id", "kind")
        open_ = Counter(rows)
        for id_, slug in clinics:
            for kind in IncidentKind.values:
                family.add_metric((slug, kind), open_[id_, kind])
        return family

    def _last_read(self, clinics: list[tuple[int, str]]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "priem_last_read_timestamp_seconds", "When a connection was read last", labels=("clinic", "connection")
        )
        names = dict(clinics)
        for id_, key, at in Connection.objects.of_all().values_list("clinic_id", "key", "last_read_at"):
            if at and id_ in names:
                family.add_metric((names[id_], key), at.timestamp())
        return family

    def _last_answers(self, clinics: list[tuple[int, str]]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "priem_amocrm_last_answer_timestamp_seconds", "When amoCRM answered Priem last", labels=("clinic",)
        )
        names = dict(clinics)
        for id_, at in figures.last_answers(names).items():
            family.add_metric((names[id_],), at.timestamp())
        return family

    def _delays(self, clinics: list[tuple[int, str]]) -> Iterator[GaugeMetricFamily]:
        said = "From the clinic into amoCRM, of the last 10 minutes"
        whole = GaugeMetricFamily("priem_delay_seconds", said, labels=("clinic", "quantile"))
        branches = GaugeMetricFamily(
            "priem_branch_delay_seconds", f"{said}, by branch", labels=("clinic", "connection", "branch", "quantile")
        )
        names = dict(clinics)
        for (id_, place), found in delays.of_places(names, delays.lately(self._now)).items():
            for quantile, value in (("0.5", found.median), ("0.99", found.p99)):
                if value is not None and place is None:
                    whole.add_metric((names[id_], quantile), value / 1000)
                elif value is not None and place is not None:
                    branches.add_metric((names[id_], *place, quantile), value / 1000)
        yield from (whole, branches)

    def _in_step(self, clinics: list[tuple[int, str]]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "priem_in_step", "1 while what changes in the branch goes over", labels=("clinic", "connection", "branch")
        )
        names = dict(clinics)
        for id_, place, is_well in in_step(names, self._now):
            family.add_metric((names[id_], *place), int(is_well))
        return family

    def _requests(self, clinics: list[tuple[int, str]]) -> Iterator[GaugeMetricFamily]:
        requests = GaugeMetricFamily("priem_requests", "Of the last minute", labels=("clinic", "system", "result"))
        budget = GaugeMetricFamily(
            "priem_amocrm_budget_used_ratio",
            "Requests to amoCRM in the last minute, of those that it lets one integration make",
            labels=("clinic",),
        )
        names, counted, sent = dict(clinics), Counter[tuple[int, str, bool]](), Counter[int]()
        for id_, system, incoming, failed, times in figures.last_minute_of(names, self._now):
            counted[id_, system, failed] += times
            sent[id_] += times if system == "amocrm" and not incoming else 0
        for (id_, system, failed), times in counted.items():
            requests.add_metric((names[id_], system, "failed" if failed else "fine"), times)
        for id_, slug in clinics:
            budget.add_metric((slug,), sent[id_] / figures.BUDGET_PER_MINUTE)
        yield from (requests, budget)

    def _waiting(self, clinics: list[tuple[int, str]]) -> GaugeMetricFamily:
        family = GaugeMetricFamily("priem_waiting", "What waits, for Priem or a person", labels=("clinic", "what"))
        waiting = figures.waiting_of([id_ for id_, _ in clinics])
        for id_, slug in clinics:
            for what, count in waiting[id_].items():
                family.add_metric((slug, what), count)
        return family
