"""Where Django looks for a database's parts."""

import json
from datetime import datetime
from typing import Any

from django.db.backends.postgresql import base, operations
from django.db.backends.postgresql.psycopg_any import Jsonb
from psycopg.adapt import Buffer
from psycopg.types.string import StrDumperUnknown

from priem.hub.storable import storable, storable_json, storable_moment


class TextDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(storable(obj))


class DatabaseOperations(operations.DatabaseOperations):
    def adapt_datetimefield_value(self, value: datetime | None) -> Any:  # noqa: ANN401  # Django's
        return storable_moment(value) if isinstance(value, datetime) else value

    def adapt_json_value(self, value: Any, encoder: type[json.JSONEncoder] | None) -> Jsonb:  # noqa: ANN401  # Django's
        return Jsonb(value, dumps=lambda given: storable_json(json.dumps(given, cls=encoder)))


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:  # noqa: ANN401  # the driver's
        opened = super().get_new_connection(conn_params)
        opened.adapters.register_dumper(str, TextDumper)
        return opened
