"""How the booking window behaves under hands: keys, services, phones, answers that are lost."""

import json
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.widget.acting import (
    WINDOW,
    finish,
    free,
    opened,
    tomorrow,
    turn,
    window,
)
from tests.widget.clinic import PATIENCE, Clinic

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.xdist_group("widget")]


def test_a_visit_is_booked_from_the_keyboard_alone(page: Page, mira: Clinic) -> None:
    lead = mira.request("Рощин Марк Ильич", "+7 921 888-77-66")
    panel = opened(page, mira, lead)
    panel.locator("[data-act=book_open]").focus()
    page.keyboard.press("Enter")
    frame = page.frame_locator(WINDOW)
    frame.locator("body[data-ready]").wait_for()
    expect(page.locator(WINDOW)).to_be_focused()
    turn(frame, "later", lambda: page.keyboard.press("PageDown"))
    while not frame.locator("button.free").count():
        turn(frame, "later", lambda: page.keyboard.press("PageDown"))
    expect(frame.locator("button.free[tabindex='0']")).to_be_focused()

    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(frame.locator("button.free.chosen")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame.locator("[data-done=booked]").wait_for()
    page.keyboard.press("Escape")

    expect(page.locator(WINDOW)).to_have_count(0)
    panel.locator(".visit").wait_for()


def test_a_day_without_free_times_leads_to_the_next_one_that_has_some(page: Page, mira: Clinic) -> None:
    days: list[str] = []

    def empty_at_first(route: Route) -> None:
        days.append(route.request.url)
        if len(days) == 1:
            route.fulfill(json=[])
        else:
            route.continue_()

    page.route("**/widget/api/schedule*", empty_at_first)
    frame = window(page, opened(page, mira, mira.request("Зорина Инна Ильинична", "+7 921 515-25-35")))
    expect(frame.locator(".nothing").first).to_contain_text("никто не принимает")

    frame.locator("[data-act=ahead]").click()

    expect(frame.locator("button.free[tabindex='0']")).to_be_focused()


def test_several_cards_of_one_name_and_phone_are_shown_to_choose_from(page: Page, mira: Clinic) -> None:
    for year in (1980, 2010):
        mira.mis.act("patient", last_name="Громов", first_name="Илья", phone="+79217778899", birthdate=f"{year}-05-12")
    lead = mira.request("Громов Илья", "8 (921) 777-88-99")

    frame = window(page, opened(page, mira, lead))

    candidates = frame.locator(".candidate input")
    candidates.nth(2).wait_for()
    expect(frame.locator(".warn")).to_contain_text("Выберите одну")
    expect(frame.locator(".candidate input:checked")).to_have_value("")

    tomorrow(frame)
    free(frame, 3)
    frame.locator("[data-act=go]").click()
    expect(frame.locator(".line.amber")).to_contain_text("Выберите одного из них или укажите дату рождения")
    second = str(candidates.nth(1).get_attribute("value"))
    candidates.nth(1).check()
    finish(frame, "booked")
    assert str(max(mira.talons(), key=lambda talon: int(talon["id"]))["patient_id"]) == second


def test_a_child_is_not_booked_as_its_mother_and_what_is_ticked_by_hand_stays(page: Page, mira: Clinic) -> None:
    mira.mis.act("patient", last_name="Гущина", first_name="Алла", phone="+79217001122", birthdate="1980-05-12")
    frame = window(page, opened(page, mira, mira.request("Гущина Алла", "+7 921 700-11-22")))
    who = frame.locator(".candidate input")
    mother = str(who.first.get_attribute("value"))
    expect(who.first).to_be_checked()

    def types(name: str, typed: str) -> None:
        with page.expect_response("**/widget/api/people*"):
            frame.locator(f"[name={name}]").fill(typed)

    types("first_name", "Тимур")
    expect(frame.locator(".candidate input:checked")).to_have_value("")
    who.first.check()
    types("middle_name", "Ильич")
    expect(frame.locator(".candidate input:checked")).to_have_value(mother)
    who.last.check()
    types("first_name", "Алла")
    expect(frame.locator(".candidate input:checked")).to_have_value("")


def test_who_is_quicker_than_the_mis_loses_neither_the_place_nor_the_patient(page: Page, mira: Clinic) -> None:
    mira.mis.act("patient", last_name="Сомова", first_name="Нина", phone="+79217005566", birthdate="1990-05-12")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/widget/api/people*", hold)
    frame = window(page, opened(page, mira, mira.request("Сомова Нина", "+7 921 700-55-66")))
    comment = frame.get_by_label("Комментарий")
    comment.fill("Просит")
    until_held(page, held).continue_()
    who = frame.locator(".candidate input")
    expect(who.first).to_be_checked()
    expect(comment).to_be_focused()

    tomorrow(frame)
    free(frame, 6)
    frame.locator("[name=middle_name]").fill("Ильинична")
    frame.locator("[data-act=go]").click()
    answer = until_held(page, held)
    expect(frame.locator("[data-act=go]")).to_be_disabled()
    with page.expect_request("**/widget/api/book*") as booked:
        answer.continue_()

    asked = json.loads(booked.value.post_data or "{}")
    assert asked["patient"] == who.first.get_attribute("value")
    frame.locator("[data-done=booked]").wait_for()


def until_held(page: Page, held: list[Route]) -> Route:
    deadline = time.monotonic() + PATIENCE
    while not held:
        assert time.monotonic() < deadline, "nothing is asked"
        page.wait_for_timeout(20)  # which lets the browser's news in
    return held.pop()


def test_a_service_narrows_the_doctors_and_lengthens_the_visit(page: Page, mira: Clinic) -> None:
    frame = window(page, opened(page, mira, mira.request("Седов Глеб Ильич", "+7 921 616-26-36")))
    tomorrow(frame)
    everybody = frame.locator(".head").count()
    search = frame.get_by_label("Найти услугу")
    search.fill("прием: терапевт")
    search.press("Enter")
    expect(frame.locator(".who")).to_contain_text("показаны все врачи")
    assert frame.locator(".head").count() == everybody

    search.fill("прием: хирург")
    search.press("Enter")

    expect(frame.locator(".who")).to_contain_text("Врачей, которые их оказывают")
    assert 0 < frame.locator(".head").count() < everybody
    assert set(frame.locator(".head .soft:nth-child(2)").all_inner_texts()) == {"Хирург"}
    expect(frame.locator(".services")).to_contain_text("60 мин · 3 050 ₽")
    free(frame, 0)
    expect(frame.locator(".line")).to_contain_text("60 мин")
    assert frame.locator(".free.within").count()


def test_a_phone_is_shaped_while_it_is_typed_and_a_foreign_one_stays(page: Page, mira: Clinic) -> None:
    frame = window(page, opened(page, mira, mira.request("Гость", "+7 921 515-25-35")))
    phone = frame.get_by_label("Телефон")

    def typed(keys: str) -> str:
        phone.fill("")
        phone.press_sequentially(keys)
        return phone.input_value()

    def pasted(number: str) -> str:
        phone.fill(number)
        return phone.input_value()

    assert typed("8921333") == "+7 921 333"
    assert [typed(keys) for keys in ("9213334455", "+79213334455")] == ["+7 921 333-44-55"] * 2
    assert [pasted(number) for number in ("8 (495) 777-88-99", "4957778899", "7 495 7778899")] == [
        "+7 495 777-88-99"
    ] * 3
    foreign = ("+380 50 123-45-67", "994501234567", "+1 212 555 0100")
    assert [pasted(number) for number in foreign] == list(foreign)
    assert typed("+380501234567") == "+380501234567"
    assert typed("994501234567") == "994501234567"

    typed("89213334455")
    for key in ("ArrowLeft",) * 5 + ("Backspace", "7"):
        phone.press(key)
    assert phone.input_value() == "+7 921 337-44-55"
    assert phone.evaluate("(input) => input.selectionStart") == len("+7 921 337")


def test_a_click_whose_answer_is_lost_books_once_when_it_is_made_again(page: Page, mira: Clinic) -> None:
    frame = window(page, opened(page, mira, mira.request("Вольнов Ким Ильич", "+7 921 414-24-34")))
    tomorrow(frame)
    free(frame, 1)
    talons = len(mira.talons())
    lost: list[bool] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        route.fetch()
        frame.locator("button.free.chosen").click()
        lost.append(frame.locator("[data-act=go]").is_disabled())
        route.abort()

    page.route("**/widget/api/book*", lose)
    frame.locator("[data-act=go]").click()
    expect(frame.locator(".line")).to_contain_text("Priem не отвечает")
    finish(frame, "booked")

    assert lost == [True], "a click while the first one is under way would be another request"
    assert len(mira.talons()) == talons + 1


def test_a_session_that_is_over_is_renewed_without_a_word(page: Page, mira: Clinic) -> None:
    frame = window(page, opened(page, mira, mira.request("Юрьев Лев Ильич", "+7 921 313-23-33")))
    asked = _over_once(page)

    turn(frame, "later")

    expect(frame.locator(".schedule .trouble")).to_have_count(0)
    assert asked == ["schedule", "enter", "schedule"]


def _over_once(page: Page) -> list[str]:
    """What is asked from now on; the first schedule finds no session.

    Both ways stay open: a request that begins while an interception is taken away is told to nobody.
    """
    asked: list[str] = []

    def schedule(route: Route) -> None:
        asked.append("schedule")
        if asked.count("schedule") == 1:
            route.fulfill(status=401, json={"said": "over"})
        else:
            route.continue_()

    def enter(route: Route) -> None:
        asked.append("enter")
        route.continue_()

    page.route("**/widget/api/schedule*", schedule)
    page.route("**/widget/enter", enter)
    return asked


def test_a_time_that_was_just_taken_is_said_with_the_nearest_free_ones(page: Page, mira: Clinic) -> None:
    lead = mira.request("Яшина Вера Олеговна", "+7 921 555-66-77")
    frame = window(page, opened(page, mira, lead))
    tomorrow(frame)
    chosen = free(frame, 8)
    hour, minute = divmod(int(chosen["from"]), 60)
    start = f"{chosen['day']}T{hour:02}:{minute:02}"
    mira.mis.act("book", doctor=int(chosen["doctor"]), start=start, name="Другой Пациент", phone="+79990001122")

    frame.locator("[data-act=go]").click()

    expect(frame.locator(".line.amber")).to_contain_text("Это время только что заняли")
    frame.locator(".near").first.click()
    finish(frame, "booked")
