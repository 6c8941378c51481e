from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.journal import Journal
from contextlib import contextmanager


class LivingClinic:
    def __init__(self, database: Database, journal: Journal, seed: int) -> None: ...
    def start(self, *, rate, changes=None): ...
    def stop(self): ...
    @contextmanager
    def paused(self):
        yield

    def changes_after(self, n):
        return []

    def summary(self):
        return {}
