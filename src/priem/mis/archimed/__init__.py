r"""ArchiMed+ (МИС «АрхиМед+»), read and booked in through its HTTP API. Facts: docs/reference/archimed.md.

What it is: a program on a server in the clinic, and a gateway of the vendor's in the cloud that relays to it. Every
филиал has an API account of its own, so one connection is one branch. Quirks that this folder relies on:

- The token is signed here, with the account's own secret; nobody issues it (api).
- The gateway answers with pages of HTML when the clinic's server is away, now and then with status 200 (api, failures).
- Ids and totals come as figures or as texts, names in two spellings, dictionaries with nulls, lists in `data` or under
  their own name. Installations lack methods (rows, api).
- Nobody tells changes and no list is known to be filtered by time of change: lists are looked at again and again, and
  compared (looks). What is known of a date filter is found out by trying (talons).
- All times are the clinic's wall clock, without an offset (config: time_zone).
- Statuses are the clinic's own list (statuses). A deleted talon stays, with its reason, for who asks `withDeleted`.
- Cards hold passports and addresses, so every question names the fields that it wants (rows).
"""

from priem.mis.archimed.asking import ASKED
from priem.mis.archimed.config import Config
from priem.mis.archimed.desk import Desk
from priem.mis.archimed.source import Archimed

__all__ = ["ASKED", "Archimed", "Config", "Desk"]
