"""Django's own PostgreSQL, given only what it can hold: see priem.hub.storable."""
