r"""IDENT (МИС «Айдент»), read from its SQL Server database. Facts: docs/reference/ident.md.

What it is: a desktop program on a PC in the clinic, with a Microsoft SQL Server beside it (instance PZSQLSERVER,
database PZ). The vendor gives clinics a read-only login and documents nothing. Quirks that this folder relies on:

- A patient is a row of Patients *and* one of Persons, under the person's id. An appointment and the visit that it
  becomes are one row of Receptions. There is no status: it is derived from what is filled in (statuses).
- All times are the clinic's wall clock, without an offset (config: time_zone).
- Receptions has a RowVersion; cards, orders and services only have times of change, written by several clocks, often
  the same for many rows, and seen only when a transaction ends. So these are read again with an overlap (passes).
- Orders, professions and calendar cells multiply visits when joined. Each is asked for apart (details).
- The doctor may stand in the calendar's cells only; a moved visit may be a new row that points to the old one.
- The server belongs to the clinic's work: short SELECTs, no transaction, no waiting, no locks (driver).
- A deleted row, a line taken off a bill and a doctor moved in the calendar alone leave no trace: found by comparing
  (sweep).
"""

from priem.mis.ident.asking import ASKED
from priem.mis.ident.config import Config
from priem.mis.ident.source import Ident

__all__ = ["ASKED", "Config", "Ident"]
