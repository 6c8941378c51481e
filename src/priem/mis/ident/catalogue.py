"""A database's dictionaries: small, seldom changed, read once and again when an id turns up that is not in them."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from priem.mis.ident.rows import Row, whole, words

Ask = Callable[[str], list[Row]]
"""All rows of a statement of the profile; none when this database lacks it."""


class Catalogue:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.forget()

    def forget(self) -> None:
        """Names change, too: everything is read anew when it is next needed."""
        self._known: dict[str, set[int]] = defaultdict(set)
        self.branches: dict[int, str] = {}
        self.chairs: dict[int, tuple[str, int | None]] = {}
        self.doctors: dict[int, str] = {}
        self.professions: dict[int, str] = {}
        self.categories: dict[int, str] = {}
        self.info_sources: dict[int, str] = {}
        self.cancel_reasons: dict[int, str] = {}
        self.job_types: dict[int, str] = {}

    def know(self, name: str, ids: Iterable[int | None]) -> None:
        """Reads a dictionary when one of these ids was never looked for in it."""
        unknown = {id_ for id_ in ids if id_ is not None} - self._known[name]
        if unknown:
            self._known[name] |= unknown
            READ[name](self, self._ask(name))

    def read(self, name: str) -> None:
        READ[name](self, self._ask(name))


def by_id(rows: Iterable[Row], column: str = "ID") -> list[tuple[int, Row]]:
    return [(id_, row) for row in rows if (id_ := whole(row[column])) is not None]


def read_branches(catalogue: Catalogue, rows: list[Row]) -> None:
    catalogue.branches = {id_: words(row["BranchName"]) or words(row["Name"]) for id_, row in by_id(rows)}


def read_chairs(catalogue: Catalogue, rows: list[Row]) -> None:
    catalogue.chairs = {id_: (words(row["Name"]), whole(row["Branch"])) for id_, row in by_id(rows)}


def read_doctors(catalogue: Catalogue, rows: list[Row]) -> None:
    catalogue.doctors = {id_: words(row["Surname"], row["Name"], row["Patronymic"]) for id_, row in by_id(rows)}


def read_professions(catalogue: Catalogue, rows: list[Row]) -> None:
    held: dict[int, set[str]] = defaultdict(set)
    for doctor, row in by_id(rows, "Doctor"):
        held[doctor].add(words(row["Name"]))
    catalogue.professions = {doctor: ", ".join(sorted(names - {""})) for doctor, names in held.items()}


def read_categories(catalogue: Catalogue, rows: list[Row]) -> None:
    catalogue.categories = {id_: words(row["Name"]) for id_, row in by_id(rows, "Service")}


def read_info_sources(catalogue: Catalogue, rows: list[Row]) -> None:
    catalogue.info_sources = {id_: words(row["Name"]) for id_, row in by_id(rows)}


def read_cancel_reasons(catalogue: Catalogue, rows: list[Row]) -> None:
    catalogue.cancel_reasons = {id_: words(row["Name"]) for id_, row in by_id(rows)}


def read_job_types(catalogue: Catalogue, rows: list[Row]) -> None:
    catalogue.job_types = {id_: words(row["Name"]) for id_, row in by_id(rows)}


READ: dict[str, Callable[[Catalogue, list[Row]], None]] = {
    "branches": read_branches,
    "chairs": read_chairs,
    "doctors": read_doctors,
    "professions": read_professions,
    "categories": read_categories,
    "info_sources": read_info_sources,
    "cancel_reasons": read_cancel_reasons,
    "job_types": read_job_types,
}
