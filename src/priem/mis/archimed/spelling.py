"""A phone as people may have typed it into a card. ArchiMed+ compares texts: docs/reference/archimed.md §1.6."""

from collections.abc import Sequence

SHAPES = (
    *("7{0}{1}{2}{3}", "+7{0}{1}{2}{3}", "8{0}{1}{2}{3}", "{0}{1}{2}{3}"),
    *("+7 ({0}) {1}-{2}-{3}", "8 ({0}) {1}-{2}-{3}", "+7({0}){1}-{2}-{3}", "8({0}){1}-{2}-{3}"),
    *("+7 {0} {1}-{2}-{3}", "8-{0}-{1}-{2}-{3}", "8 {0} {1} {2} {3}", "+7 {0} {1} {2} {3}"),
)
USUAL = 5
"""Of the shapes, those that a second number is looked for in: every one is a question of its own."""


def spellings(phone: str) -> Sequence[tuple[str, str]]:
    """Fields and what may stand in them, for a number in E.164."""
    digits = phone.removeprefix("+")
    if len(digits) == 11 and digits.startswith("7"):
        parts = (digits[1:4], digits[4:7], digits[7:9], digits[9:])
        written = [shape.format(*parts) for shape in SHAPES]
    else:
        written = [digits, f"+{digits}"]
    second = written[:USUAL]
    return [*(("phone", spelling) for spelling in written), *(("phone1", spelling) for spelling in second)]
