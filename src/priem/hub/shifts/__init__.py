"""Many workers, on any number of machines, share the clinics of one PostgreSQL (docs/adr/0012).

shards      clinics in shards; which of them a worker has to keep in step, and which have something waiting
jobs        Procrastinate: one job for each shard, a dead worker's shifts begun elsewhere, fair shares among workers
crew        threads that take turns with clinics: no clinic waits for another one's slow database or first sync
kept        one clinic as it is kept in step: opened at its first turn, closed when its shard goes elsewhere
listening   wake-ups, as PostgreSQL tells them
foreman     what a worker looks after: new clinics, changed settings, and what pages and /metrics show of it
worker      one process of them: `priem worker`
"""
