"""JSON and XML. The names of XML elements are not published; these are as a .NET program would write them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from xml.etree import ElementTree as ET

Serialization = Literal["json", "xml"]
Row = Mapping[str, Any]
ITEMS = {"Doctors": "Doctor", "Branches": "Branch", "Intervals": "Interval"}
MEDIA: Mapping[Serialization, str] = {"json": "application/json", "xml": "application/xml"}


class Unreadable(Exception):
    """An answer of 200 that is not what it should be."""


def rows_of(body: bytes, serialization: Serialization) -> list[Row]:
    try:
        rows = json.loads(body) if serialization == "json" else rows_of_xml(body)
    except (ValueError, ET.ParseError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("not a list of objects")
    return rows


def rows_of_xml(body: bytes) -> list[Row]:
    tree = ET.fromstring(body)  # noqa: S314 - the answer of the service under test
    return [{field.tag: field.text or "" for field in item} for item in tree]


def body_of(timetable: Mapping[str, Sequence[Row]], serialization: Serialization) -> bytes:
    if serialization == "json":
        return json.dumps(timetable, ensure_ascii=False).encode()
    root = ET.Element("TimeTable")
    for name, rows in timetable.items():
        list_ = ET.SubElement(root, name)
        for row in rows:
            item = ET.SubElement(list_, ITEMS[name])
            for field, value in row.items():
                ET.SubElement(item, field).text = str(value).lower() if isinstance(value, bool) else str(value)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
