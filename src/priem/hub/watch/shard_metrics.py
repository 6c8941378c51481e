"""For Prometheus: how the shards do that workers share. Nothing where the hub keeps clinics in step by itself."""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from priem.hub.models import Shift

FIGURES: tuple[tuple[str, str, Callable[[Shift], float]], ...] = (
    ("beat_timestamp_seconds", "When a worker said last that it serves the shard", lambda one: one.beat_at.timestamp()),
    ("clinics", "Clinics of the shard", lambda one: one.clinics),
    ("troubled_clinics", "Those that rest after a failure", lambda one: one.troubled),
    ("overdue_seconds", "How long a clinic has waited for its turn", lambda one: one.overdue),
    ("rounds", "Turns of its clinics since this worker has it", lambda one: one.rounds),
)


class Shards(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        shifts = list(Shift.objects.order_by("shard"))
        for name, what, figure in FIGURES:
            family = GaugeMetricFamily(f"priem_shard_{name}", what, labels=("shard", "worker"))
            for shift in shifts:
                family.add_metric((str(shift.shard), shift.worker), figure(shift))
            yield family
