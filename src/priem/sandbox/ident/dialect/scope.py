"""What names mean inside one SELECT: its sources, then those of the queries around it."""

from dataclasses import dataclass, field

from sqlglot import exp

from priem.sandbox.ident.errors import SqlError, no_column, unbound
from priem.sandbox.ident.tokens import Column


@dataclass(frozen=True, slots=True)
class Source:
    """A table, a derived table, or an APPLY, whose columns are subqueries of their own (SQLite has no LATERAL)."""

    alias: str
    columns: tuple[Column, ...]
    applied: exp.Select | None = None

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)


@dataclass(slots=True)
class Scope:
    parent: "Scope | None" = None
    ctes: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)

    def add(self, source: Source) -> None:
        if any(known.alias.lower() == source.alias.lower() for known in self.sources):
            text = f'The objects "{source.alias}" and "{source.alias}" in the FROM clause have the same exposed names.'
            raise SqlError(1013, text)
        self.sources.append(source)

    def cte(self, name: str) -> tuple[Column, ...] | None:
        found = self.ctes.get(name.lower())
        if found is None and self.parent:
            return self.parent.cte(name)
        return found

    def source(self, alias: str) -> "Source | None":
        found = next((source for source in self.sources if source.alias.lower() == alias.lower()), None)
        return found or (self.parent.source(alias) if self.parent else None)

    def resolve(self, node: exp.Column) -> tuple[Source, Column]:
        return self._qualified(node) if node.table else self._bare(node.name)

    def _qualified(self, node: exp.Column) -> tuple[Source, Column]:
        source = self.source(node.table)
        if source is None:
            raise unbound(f"{node.table}.{node.name}")
        column = source.column(node.name)
        if column is None:
            raise no_column(node.name)
        return source, column

    def _bare(self, name: str) -> tuple[Source, Column]:
        found = [(source, column) for source in self.sources if (column := source.column(name))]
        if len(found) > 1:
            raise SqlError(209, f"Ambiguous column name '{name}'.")
        if found:
            return found[0]
        if self.parent is None:
            raise no_column(name)
        return self.parent._bare(name)  # noqa: SLF001  # the same class, one query further out
