"""Treatment plans: docs/reference/ident.md §2.3. What a line costs, and when it is done, is inferred there."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from priem.mis.ident.config import Config
from priem.mis.ident.reading import OF_PLANS, Reader
from priem.mis.ident.rows import Row, day, exact, figure, grouped, id_of, moment, money, whole, words
from priem.plans import TreatmentPlan

Plans = Mapping[int, tuple[TreatmentPlan, ...]]
"""By the patient's id."""


def plans_of(patients: Collection[int], config: Config, reader: Reader) -> Plans:
    """Nothing where nobody wants them, or where the database lacks them."""
    if not all(map(reader.asks_for, OF_PLANS)):
        return {}
    plans = [row for row in reader.with_ids("plans", patients, "Patient") if is_wanted(row, config, reader)]
    lines = grouped(reader.with_ids("plan_lines", [id_of(plan) for plan in plans], "Treatment"), "Treatment")
    planned = [id_of(line) for some in lines.values() for line in some]
    done = {whole(row["Line"]) for row in reader.with_ids("plan_work", planned, "Line")}
    of_patients = grouped(sorted(plans, key=newest_first, reverse=True), "Patient")
    return {
        patient: tuple(to_plan(plan, lines.get(id_of(plan), ()), done, config) for plan in some)
        for patient, some in of_patients.items()
    }


def newest_first(plan: Row) -> tuple[datetime, int]:
    return moment(plan["Created"]) or datetime.min, id_of(plan)  # noqa: DTZ901 - IDENT's times are naive


def is_wanted(plan: Row, config: Config, reader: Reader) -> bool:
    """A plan is in force while it is active and its last day is not over; a database may tell neither."""
    if config.treatment_plans == "all":
        return True
    until = moment(plan["Until"])
    return plan["IsActive"] is not False and plan["IsActive"] != 0 and (until is None or until >= reader.today())


def to_plan(plan: Row, lines: Sequence[Row], done: Collection[int | None], config: Config) -> TreatmentPlan:
    costs = {id_of(line): cost(line, config) for line in lines}
    return TreatmentPlan(
        name=words(plan["Name"]),
        made_on=day(plan["Created"]),
        total=money(exact(sum(costs.values()))),
        left=money(exact(sum(sum_ for line, sum_ in costs.items() if line not in done))),
        lines=len(lines),
        done=sum(line in done for line in costs),
    )


def cost(line: Row, config: Config) -> float:
    teeth = (whole(line["Teeth"]) or 0).bit_count() if config.plan_lines_per_tooth else 1
    return max(1, teeth) * figure(line["Price"]) - figure(line["Discount"])
