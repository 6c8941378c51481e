"""T-SQL in, SQLite's SQL out, or the error that a SQL Server of 2012 would give.

`batch` cuts a batch into statements, `parse` makes trees of them, `scope`, `queries`, `expressions`, `functions` and
`changes` give every name its column and every expression its type, `compile` puts it together.
"""
