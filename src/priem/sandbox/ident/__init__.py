"""IDENT as a server: TDS to real drivers, T-SQL run on SQLite, a clinic that is invented but real in its troubles.

`wire`, `tls`, `login`, `tokens`, `types`, `parameters`, `requests` speak TDS; `session` serves one client; `dialect/` turns
T-SQL into SQLite's SQL or refuses it as a SQL Server of 2012 would; `engine` keeps rowversions, identities and
transactions; `seed/` and `live` are the clinic; `control` is the port where a test changes the weather.
"""
