"""IDENT as a server: TDS to real drivers, T-SQL run on SQLite, a clinic that is invented but real in its troubles.

`wire`, `tls`, `login`, `tokens`, `types`, `parameters`, `requests` speak TDS; `session` serves one client; `dialect/`
turns T-SQL into SQLite's SQL or refuses it as a SQL Server of 2012 would; `interpreter` runs statements, `engine` keeps
rowversions, identities and transactions; `seed/`, `live` and `desk` are the clinic; `control` is the port where a test
changes the weather.
"""
