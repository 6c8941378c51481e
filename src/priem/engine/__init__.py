"""The flow, one file per stage. Start at `sync.py`; it is short.

values     what a МИС can tell, and how each kind of field says it (pure)
settings   what a clinic decided, as data; the TOML file and the pages fill the same shapes
kinds      what a person may set off by moving a lead, and how a kind is added (pure)
bindings   settings in a person's words → ids of the account as it is today, or what is missing
taking     which patients become contacts at all (pure)
identity   which contact is this patient (pure)
succession which lead is this visit: its own, that of the visit it was moved from, a request that waited (pure)
origins    whether a number still names the visit that it named before (pure)
rules      which stage a visit's lead belongs to (pure)
uncovered  statuses that no rule gives a stage (pure)
names      what contacts and leads are called, and whether a name is Priem's to change (pure)
wanted     what a contact and a lead should say (pure)
plan       records + what is known around them → steps with reasons (pure)
reasons    the words that say why, and a sentence for each (pure)
marks      how a link remembers what was decided (pure)
linking    how links change once steps are done (pure)
unheard    what counts as Priem's own although the answer was lost (pure)
later      records whose decision waits for the rest of a reading
by_hand    links that a person makes and undoes (through ports)
waiting    records that wait for a person or for each other (through ports)
errands    tasks for managers about new bookings (through ports)
inbox      statuses that nobody has mapped yet (through ports)
orphans    visits and what they build upon: their patients, those they were moved from (through ports)
slots      whether a doctor is free, and when else (pure)
booking_rights who books where (pure)
whose      which patient of the МИС a person is (pure)
reception  what everybody who books shares
booking    a visit is booked (through ports)
rebooking  a visit is moved, cancelled, changed (through ports)
done       what follows (through ports)
finding_out what became of requests without an answer (through ports)
expected   visits that are being booked, as the pass meets them (through ports)
triggers   what moves of leads set off in the МИС (through ports)
apply      steps → outcomes, with the intent written down first (through ports)
mirror     the CRM as it is, kept locally, so that deciding costs no requests (through ports)
line       pages in their order, each decided while the steps of those before it are under way (through ports)
sync       read, decide, carry out (through ports)
told       what is said to have happened in the CRM, looked at (through ports)
nightly    when that is due (through ports)
reconcile  every link compared with both sides (through ports)
rehearsal  the same, written to nothing (through ports)
indexes    what the store in memory finds its records by (pure)
collisions requests to a МИС's desk that stand in each other's way (pure)
desk       questions, answers and recalled records in memory (pure)
booking_memory bookings and moves of leads in memory
memory     a store for tests and rehearsals
"""
