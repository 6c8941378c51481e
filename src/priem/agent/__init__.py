"""The part of Priem that runs beside IDENT's database when the hub stands elsewhere. No Django, no page of the hub.

It reads as the hub itself would (priem.mis.ident), puts the pages on its disk (spool) and carries them to the hub over
HTTPS, outward only (line). The hub says where the reading goes on, by which settings, and what it wants to know:
docs/reference/agent-protocol.md.

folder: what it keeps, encrypted · enrolment: how it gets in · settings: what the hub may say · spool, reading, sending:
the pages' way · answering: the hub's questions · running: all of it side by side · command: `priem agent`.
"""
