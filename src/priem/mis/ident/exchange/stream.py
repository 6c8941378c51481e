"""A posted document, JSON or XML, read element by element while it comes: never the whole of it in memory.

An object with lists in it is all that is known here, so what comes out is (name of the list, element), and before them
(name of the list, BEGUN). What an element holds is for others to say.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import NoReturn
from xml.parsers import expat

from priem.mis.ident.exchange.refusals import BadRequest
from priem.texts import text

Element = tuple[str, object]
BEGUN = object()
"""Stands before a list's elements, so that an empty list can be told from none."""
LARGEST = 256 * 1024
"""Characters of one element: an interval has some 150."""
SPACE = re.compile(r"[ \t\r\n]*")
MARK = codecs.BOM_UTF8


def elements(pieces: Iterable[bytes]) -> Iterator[Element]:
    """Of a document in either way of writing: its first character says which. Raises BadRequest when it is neither."""
    rest = iter(pieces)
    head = b""
    for piece in rest:
        head += piece
        if len(head) > len(MARK) and head.removeprefix(MARK).strip():
            break
        if len(head) > LARGEST:
            not_json()  # spaces, and each piece would be looked at again with all before it
    begins_with = head.removeprefix(MARK).strip()[:1]
    # Two bytes a character is a way to write XML, and begins with a mark of its own.
    is_xml = begins_with == b"<" or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return (elements_of_xml if is_xml else elements_of_json)(chain([head], rest))


# --- JSON ----------------------------------------------------------------------------------------


def not_json(*_: object) -> NoReturn:
    raise BadRequest(text("The body is not JSON or XML with a timetable."))


DECODER = json.JSONDecoder(parse_constant=not_json)


def elements_of_json(pieces: Iterable[bytes]) -> Iterator[Element]:
    reading = JsonReading(pieces)
    try:
        yield from reading.lists()
    except UnicodeDecodeError:
        not_json()


class JsonReading:
    """A place in a document whose end may not have come yet."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        # Built-in decoders keep half a character until its other half comes.
        self._pieces = codecs.iterdecode(pieces, "utf-8-sig")
        self._there = ""
        self._at = 0

    def lists(self) -> Iterator[Element]:
        """Of the one object that the document is."""
        self._pass("{")
        while self._next() != "}":
            name = self._value()
            self._pass(":")
            if not isinstance(name, str):
                not_json()
            if self._next() == "[":
                yield name, BEGUN
                for element in self._elements():
                    yield name, element
            else:
                self._value()
            if self._next() != "}":
                self._pass(",")
        self._pass("}")
        if self._next():
            not_json()

    def _elements(self) -> Iterator[object]:
        self._pass("[")
        while self._next() != "]":
            yield from self._several() or (self._value(),)
            if self._next() != "]":
                self._pass(",")
        self._pass("]")

    def _several(self) -> list[object]:
        """As many elements as have come whole, which is many times faster than one by one; maybe none.

        The guess is that an element ends at the last `},`. If what stands before it is a list's inside, then it is this
        list's, for JSON can be read in one way only; if not, the guess was wrong, and nothing was read.
        """
        end = self._there.rfind("},", self._at) + 1
        if end == 0:
            return []
        try:
            found: list[object] = DECODER.decode(f"[{self._there[self._at : end]}]")
        except (ValueError, RecursionError):
            return []
        self._at = end
        return found

    def _value(self) -> object:
        self._next()
        while True:
            try:
                value, end = DECODER.raw_decode(self._there, self._at)
            except (ValueError, RecursionError):
                if len(self._there) - self._at > LARGEST or not self._more():
                    not_json()
                continue
            if end == len(self._there) and self._more():
                continue  # a number may go on
            self._at = end
            return value

    def _pass(self, mark: str) -> None:
        if self._next() != mark:
            not_json()
        self._at += 1

    def _next(self) -> str:
        """The character after the spaces, which are passed; empty at the end."""
        while True:
            there, at = self._there, self._at
            if at < len(there):
                if there[at] not in " \t\r\n":
                    return there[at]
                match = SPACE.match(there, at)
                self._at = match.end() if match else at
            elif not self._more():
                return ""

    def _more(self) -> bool:
        """The next piece, joined to what is not read yet; whether there was one."""
        for piece in self._pieces:
            if piece:
                self._there = self._there[self._at :] + piece
                self._at = 0
                return True
        return False


# --- XML -----------------------------------------------------------------------------------------


def elements_of_xml(pieces: Iterable[bytes]) -> Iterator[Element]:
    """The document's children are the lists, theirs the elements, theirs the fields: all as texts, by local names."""
    reading = XmlReading()
    try:
        for piece in pieces:
            reading.feed(piece, False)  # noqa: FBT003 - expat takes it by place
            yield from reading.taken()
        reading.feed(b"", True)  # noqa: FBT003 - the same
        yield from reading.taken()
    except expat.ExpatError:
        not_json()


class XmlReading:
    def __init__(self) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        # Entities of its own make a small document an endless one, and nobody's timetable needs them.
        parser.StartDoctypeDeclHandler = not_json
        self.feed: Callable[[bytes, bool], object] = parser.Parse
        self._path: list[str] = []
        self._fields: dict[str, str] = {}
        self._words: list[str] = []
        self._length = 0
        self._found: list[Element] = []

    def taken(self) -> list[Element]:
        found, self._found = self._found, []
        return found

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > 20:
            not_json()
        if len(self._path) == 2:
            self._found.append((self._path[1], BEGUN))
        elif len(self._path) == 3:
            self._fields = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
            self._length = 0
        elif len(self._path) == 4:
            self._words = []

    def _said(self, words: str) -> None:
        if len(self._path) == 4:
            self._length += len(words)
            if self._length > LARGEST:
                not_json()
            self._words.append(words)

    def _end(self, _name: str) -> None:
        if len(self._path) == 4:
            self._fields[self._path[-1]] = "".join(self._words).strip()
        elif len(self._path) == 3:
            self._found.append((self._path[1], self._fields))
        self._path.pop()
