"""What is filled in while an answer is under way stays, whatever the answer says."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.conftest import Place

SignIn = Callable[..., Page]


def test_a_late_answer_takes_nothing_away(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    page.goto(place.base_url + "/clients/new/")
    number, label, name = (page.locator(f"[name={each}]") for each in ("phones-0-number", "phones-0-label", "name"))
    late: list[Route] = []
    page.route("**/clients/phone-rows/**", lambda route: late.append(route), times=1)
    number.fill("8 913 555 02 02")
    label.fill("дом")
    name.fill("Тот, кто быстро пишет")
    for _ in range(100):
        if late:
            break
        page.wait_for_timeout(50)
    with page.expect_response("**/clients/phone-rows/**"):
        late[0].continue_()
    # The answer has been shown: the number is the server's own now.
    expect(number).to_have_attribute("value", "8 913 555 02 02")
    expect(label).to_have_value("дом")
    expect(name).to_have_value("Тот, кто быстро пишет")
