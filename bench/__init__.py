"""What README's figures come from. Everything runs on this machine, against the sandboxes.

clinic      both outside systems, filled, and a clinic that is set up between them
worker      what is measured, in a process of its own
naive       what scripts do: search by phone, then create, one by one
machine     where the figures come from
first_sync  how long a first sync takes, beside the least that amoCRM's limit allows
latency     how long a change takes from the clinic's commit to amoCRM
mirror_fill how long the first full reading of a large amoCRM takes, and how much memory
ident_read  how fast IDENT's database is read, and what looking for changes costs it
"""
