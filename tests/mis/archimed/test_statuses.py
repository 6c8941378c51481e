import pytest

from priem.mis.archimed.statuses import Meanings
from priem.model import VisitStatus


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Запись", VisitStatus.BOOKED),
        ("Предварительная запись", VisitStatus.BOOKED),
        ("Подтвержден", VisitStatus.CONFIRMED),
        ("Подтверждён по телефону", VisitStatus.CONFIRMED),
        ("Не подтверждён", VisitStatus.BOOKED),
        ("Пациент пришел", VisitStatus.ARRIVED),
        ("Пациент пришёл", VisitStatus.ARRIVED),
        ("Пациент не пришёл", VisitStatus.NO_SHOW),
        ("Неявка", VisitStatus.NO_SHOW),
        ("На приёме", VisitStatus.IN_PROGRESS),
        ("Приём прошёл", VisitStatus.COMPLETED),
        ("Приём завершён, ждёт оплаты", VisitStatus.COMPLETED),
        ("Оплачен", VisitStatus.PAID),
        ("Отменён", VisitStatus.CANCELLED),
        ("Отмена пациентом", VisitStatus.CANCELLED),
        ("Перезвонить", VisitStatus.UNMAPPED),
    ],
)
def test_what_names_of_statuses_say(name: str, status: VisitStatus) -> None:
    assert Meanings().of_status("99", name) is status


def test_settings_come_before_words_and_ids_before_names() -> None:
    meanings = Meanings(statuses={"7": VisitStatus.PAID, "перезвонить": VisitStatus.BOOKED})

    assert meanings.of_status("7", "Запись") is VisitStatus.PAID
    assert meanings.of_status("8", "Перезвонить") is VisitStatus.BOOKED
    assert meanings.of_status("7", "Перезвонить") is VisitStatus.PAID


def test_an_id_alone_is_believed_only_where_a_clinic_is_known_to_use_it() -> None:
    assert Meanings().of_status("4", "") is VisitStatus.CANCELLED
    assert Meanings().of_status("4", "Особый") is VisitStatus.UNMAPPED
    assert Meanings().of_status("9", "") is VisitStatus.UNMAPPED


def test_a_reason_makes_it_cancelled_and_none_a_mistake() -> None:
    meanings = Meanings(reasons={"3": VisitStatus.DELETED})

    assert meanings.of_reason("", "") is VisitStatus.DELETED
    assert meanings.of_reason("1", "Отказ пациента") is VisitStatus.CANCELLED
    assert meanings.of_reason("2", "Не пришёл на приём") is VisitStatus.NO_SHOW
    assert meanings.of_reason("3", "Ошибка") is VisitStatus.DELETED
