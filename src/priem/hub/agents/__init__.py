"""Agents beside the clinics' databases, from the hub's side: docs/reference/agent-protocol.md.

enrolling: codes, tokens, who is let in · given: the settings that an agent gets · feeds: parcels, and where a reading
stands · asking: questions and answers · source: the database as the engine sees it · doors: the agents' own addresses ·
choosing: directly or through an agent · pages: what an administrator sees of them.
"""
