"""What a database may lack, as people call it: a statement's name says nothing to an administrator."""

from collections.abc import Iterable, Mapping

from priem.texts import Text, text

CALLED: Mapping[str, Text] = {
    "debts": text("debts for treatment"),
    "payments": text("payments of patients"),
    "cells": text("the calendar's times of visits"),
    "timetable": text("the timetable of doctors"),
    "professions": text("specialities of doctors"),
    "cancel_reasons": text("reasons of cancellation"),
    "info_sources": text("where patients have heard of the clinic"),
    "categories": text("categories of services"),
    "plans": text("plans of treatment"),
    "plan_lines": text("what plans of treatment cost"),
    "plan_work": text("what is done of plans of treatment"),
    "applications": text("what became of applications"),
    "jobs": text("IDENT's own tasks"),
    "job_types": text("kinds of IDENT's own tasks"),
}
"""By the statement's name."""


def in_words(left_out: Iterable[str]) -> tuple[Text, ...]:
    """Columns, `Table.Column`, stay as the database has them."""
    return tuple(CALLED.get(name, Text("{word}", {"word": name})) for name in left_out)
