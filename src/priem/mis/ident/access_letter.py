"""The application that a clinic sends to IDENT's support for a login that may only read its database.

It comes from the clinic's director, signed and stamped, as a scan from the clinic's common mailbox or the director's
own: docs/reference/ident.md §2.1. It is written in Russian, whoever prints it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from textwrap import fill

from priem.errors import AskOperator
from priem.texts import text

SUPPORT = "support@ident-it.ru"
TITLE = "Заявление на доступ к базе данных IDENT"
TEMPLATE = Path(__file__).parent / "letters" / "access.html"
WIDTH = 78
TOGETHER = re.compile(r"(?<=№) |(?<=\b[гд]\.) |(?<=\bул\.) |(?<=\bпом\.) |(?<=\b[сви]) (?=\w)|(?<=«О) ")
PHONE = re.compile(r"\+?\d[\d ()-]{8,}\d")
STEPS = (
    "Проверьте реквизиты и распечатайте этот лист (эта памятка не печатается).",
    "Директор подписывает заявление и ставит печать организации.",
    f"Отсканируйте или сфотографируйте его и отправьте на {SUPPORT} с общей почты клиники или с почты директора.",
    "В ответ придут логин и пароль. Введите их в настройках подключения и выполните priem doctor.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who asks. Empty lines are left out of the letter."""

    organisation: str
    """The legal name: «ООО „Улыбка“»."""
    director: str
    email: str
    """Where support is to send the login: the clinic's common mailbox."""
    position: str = "Генеральный директор"
    clinic: str = ""
    """What the clinic is called, where that is not its legal name."""
    address: str = ""
    inn: str = ""
    ogrn: str = ""
    phone: str = ""
    contact: str = ""
    """Whom support may ask about the technical side."""
    year: int


def checked(sender: Sender) -> Sender:
    """Raises AskOperator when something is missing that the letter cannot do without, or is plainly mistyped."""
    missing = [name for name in ("organisation", "director", "email") if not getattr(sender, name).strip()]
    if missing:
        raise AskOperator(
            text("The application lacks: {names}.", names=", ".join(missing)),
            text("Give the clinic's legal name, its director and its common mailbox."),
        )
    if "@" not in sender.email:
        raise AskOperator(text("The clinic's mailbox is no e-mail address."), text("Write it as name@clinic.ru."))
    if sender.inn and not (sender.inn.isdigit() and len(sender.inn) in (10, 12)):
        raise AskOperator(text("An INN has 10 or 12 digits."), text("Look it up in the clinic's papers."))
    return sender


def heading(sender: Sender) -> Iterator[tuple[str, str]]:
    yield "Кому", f"Служба технической поддержки IDENT, {SUPPORT}"
    yield "От", sender.organisation
    for label, said in (
        ("ИНН", sender.inn),
        ("ОГРН", sender.ogrn),
        ("Адрес", sender.address),
        ("Телефон", sender.phone),
        ("Эл. почта", sender.email),
    ):
        if said.strip():
            yield label, said


def paragraphs(sender: Sender) -> Sequence[str | Sequence[str]]:
    """Paragraphs; a list among them is numbered."""
    clinic = f" «{sender.clinic.strip('«»')}»" if sender.clinic else ""
    place = f" по адресу: {sender.address}" if sender.address else ""
    told = [f"По техническим вопросам просим обращаться: {sender.contact}."] if sender.contact else []
    return [
        (
            "Прошу предоставить нашей организации учётную запись для подключения к базе данных программы "
            f"IDENT, установленной в клинике{clinic}{place}, с правами только на чтение: без права добавлять, "
            "изменять и удалять данные и без права изменять структуру базы данных."
        ),
        (
            "Учётная запись нужна для передачи сведений о пациентах и записях на приём в CRM-систему amoCRM нашей "
            "организации. Подключение выполняется внутри локальной сети клиники; данные в базе IDENT не изменяются."
        ),
        "Просим сообщить:",
        [
            "логин и пароль учётной записи;",
            "имя сервера (компьютера), имя экземпляра SQL Server и порт, если он назначен;",
            "имя базы данных.",
        ],
        f"Ответ просим направить на адрес электронной почты {sender.email}.",
        (
            "Обязуемся использовать учётную запись только для указанной цели, хранить логин и пароль в тайне и "
            "обеспечить защиту персональных данных пациентов в соответствии с Федеральным законом от 27.07.2006 "
            "№ 152-ФЗ «О персональных данных»."
        ),
        *told,
    ]


def as_html(sender: Sender) -> str:
    lines = (
        f'<p{" class=to" * (label == "Кому")}><span class="label">{label}:</span> {escape(kept_together(said))}</p>'
        for label, said in heading(sender)
    )
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=TITLE,
        steps="".join(f"<li>{escape(step)}</li>" for step in STEPS),
        heading="".join(lines),
        body="".join(map(html_of, paragraphs(sender))),
        position=escape(sender.position),
        director=escape(sender.director),
        year=sender.year,
    )


def kept_together(written: str) -> str:
    """No line ends within a phone, after a № or after a short word of an address."""
    without = TOGETHER.sub("\u00a0", written)
    return PHONE.sub(lambda found: found[0].replace(" ", "\u00a0").replace("-", "\u2011"), without)


def html_of(paragraph: str | Sequence[str]) -> str:
    if isinstance(paragraph, str):
        return f"<p>{escape(kept_together(paragraph))}</p>"
    return "<ol>" + "".join(f"<li>{escape(item)}</li>" for item in paragraph) + "</ol>"


def as_text(sender: Sender) -> str:
    """For those who print from anywhere else; the same words."""
    top = "\n".join(fill(f"{label}: {said}", WIDTH, subsequent_indent="  ") for label, said in heading(sender))
    title = "\n".join(
        line.center(WIDTH).rstrip()
        for line in ("ЗАЯВЛЕНИЕ", "о предоставлении доступа к базе данных IDENT", "с правами только на чтение")
    )
    body = "\n\n".join(map(text_of, paragraphs(sender)))
    signed = f"{sender.position}   ____________________ / {sender.director}"
    return f"{top}\n\n\n{title}\n\n{body}\n\n\n{signed}\n\nМ. П.{' ' * 40}«____» ______________ {sender.year} г.\n"


def text_of(paragraph: str | Sequence[str]) -> str:
    if isinstance(paragraph, str):
        return fill(paragraph, WIDTH, initial_indent="    ")
    return "\n".join(
        fill(f"{number}. {item}", WIDTH, initial_indent="    ", subsequent_indent="       ")
        for number, item in enumerate(paragraph, 1)
    )
