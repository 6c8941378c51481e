"""A hub's move from SQLite to PostgreSQL, `priem migrate-store`: all or nothing, and nobody else works meanwhile.

leaving    the database that is left: to ourselves, and out of the way afterwards
arriving   the one that is gone to: reachable, empty, with tables
tables     what there is to carry, and how each kind of value is written on both sides
carrying   the rows, by COPY, and the proof that they are the same
"""
