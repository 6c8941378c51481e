"""The flow, one file per stage. Start at `sync.py`; it is short.

values     what a МИС can tell, and how each kind of field says it (pure)
settings   what a clinic decided, as data; the TOML file and the pages fill the same shapes
bindings   settings in a person's words → ids of the account as it is today, or what is missing
identity   which contact is this patient, which lead is this visit (pure)
rules      which stage a visit's lead belongs to (pure)
wanted     what a contact and a lead should say (pure)
plan       records + what is known around them → steps with reasons (pure)
apply      steps → outcomes, with the intent written down first (through ports)
mirror     the CRM as it is, kept locally, so that deciding costs no requests (through ports)
sync       read, decide, carry out (through ports)
"""
