"""Invented people: whatever likeness there is, is chance. Their numbers look valid, but no operator has the range."""

import random
from dataclasses import dataclass

MEN = [
    "Александр",
    "Дмитрий",
    "Максим",
    "Сергей",
    "Андрей",
    "Алексей",
    "Артём",
    "Илья",
    "Кирилл",
    "Михаил",
    "Никита",
    "Матвей",
    "Роман",
    "Егор",
    "Арсений",
    "Иван",
]
WOMEN = [
    "Анна",
    "Мария",
    "Елена",
    "Ольга",
    "Наталья",
    "Екатерина",
    "Татьяна",
    "Ирина",
    "Светлана",
    "Юлия",
    "Дарья",
    "Алина",
    "Ксения",
    "Полина",
    "Вера",
    "Софья",
]
ROOTS = [
    "Смирнов",
    "Кузнецов",
    "Попов",
    "Соколов",
    "Лебедев",
    "Козлов",
    "Новиков",
    "Морозов",
    "Волков",
    "Соловьёв",
    "Васильев",
    "Зайцев",
    "Павлов",
    "Семёнов",
    "Голубев",
    "Виноградов",
    "Богданов",
    "Воробьёв",
    "Фёдоров",
    "Михайлов",
    "Беляев",
    "Тарасов",
    "Белов",
    "Комаров",
    "Орлов",
    "Киселёв",
    "Макаров",
    "Андреев",
    "Ковалёв",
    "Ильин",
]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    first_name: str
    last_name: str
    phone: str


def person(chance: random.Random) -> Person:
    """One more of them; phones are written in the ways in which people write them."""
    woman = chance.random() < 0.6
    first = chance.choice(WOMEN if woman else MEN)
    last = chance.choice(ROOTS) + ("а" if woman else "")
    return Person(first, last, _phone(chance))


def _phone(chance: random.Random) -> str:
    digits = f"{chance.randrange(10_000_000):07d}"
    style = chance.choice(("+7975{0}", "+7 (975) {1}-{2}-{3}", "8975{0}", "7975{0}"))
    return style.format(digits, digits[:3], digits[3:5], digits[5:])
