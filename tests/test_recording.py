"""Playing a recording with a jump to its middle, and a missed call that leaves the list once somebody calls back."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from ringdesk.telephony.tests.sound_server import SOUND, serving
from tests.conftest import Place

SignIn = Callable[..., Page]


def wait_until(page: Page, condition: str) -> None:
    """Wait for what a script says; asked from outside, because the page allows no script made of text."""
    for _attempt in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


def test_a_recording_is_fetched_and_played_from_its_middle(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    with serving() as source:
        page.goto(place.base_url + "/connectors/")
        page.get_by_role("link", name="Офисная АТС").click()
        page.locator("a.btn[href$='/change/']").click()
        page.fill("[name=recording_host]", source.host)
        page.locator("[name=recording_host]").press("Enter")
        page.wait_for_url(lambda address: not address.endswith("/change/"))
        phone = "89135553311"
        same = {"src_type": "1", "call_id": "journey-sound", "dst_num": "100", "src_num": phone}
        place.report("http_events", event="1", **same)
        place.report("http_events", event="3", **same)
        place.report("http_events", event="2", status="ANSWER", call_record_link=source.url("call.wav"), **same)
        page.goto(place.base_url + "/calls/?q=5553311")
        page.locator("#call-list tbody a").first.click()
        player = page.locator("[data-player]")
        # The page learns by itself that the recording has come.
        expect(player).to_be_visible(timeout=40_000)
    page.evaluate("() => { window.sound = document.querySelector('[data-player] audio'); window.sound.muted = true; }")
    ranges: list[str] = []
    page.on("request", lambda asked: ranges.append(asked.headers.get("range", "")) if "/sound/" in asked.url else None)
    seek = player.locator("[data-player-seek]")
    seek.evaluate(
        "(bar) => { bar.value = Number(bar.max) / 2; bar.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    wait_until(page, "window.sound.readyState > 0 && window.sound.currentTime > 0")
    assert page.evaluate("Math.round(window.sound.duration)") == (len(SOUND) - 44) // 8000
    player.get_by_role("button", name="Воспроизвести").click()
    wait_until(page, "!window.sound.paused || window.sound.ended")
    wait_until(page, "window.sound.ended")
    assert ranges and all(wish.startswith("bytes=") for wish in ranges)
    player.locator("[data-player-speed]").select_option("2")
    assert page.evaluate("window.sound.playbackRate") == 2
    seek.focus()
    page.keyboard.press("Home")
    expect(player.locator("[data-player-at]")).to_have_text("0:00")
    page.keyboard.press("ArrowRight")
    expect(player.locator("[data-player-at]")).to_have_text("0:03")
    page.reload()
    expect(page.locator(".listenings")).to_contain_text("Ольга")


def test_a_missed_number_leaves_the_list_when_somebody_calls_back(place: Place, sign_in: SignIn) -> None:
    page = sign_in()
    page.goto(place.base_url + "/calls/missed/")
    row = page.locator("#missed tr", has_text="+79135553322")
    same = {"src_type": "1", "call_id": "journey-missed", "dst_num": "100", "src_num": "89135553322"}
    place.report("http_events", event="1", **same)
    expect(row).to_have_count(0)
    place.report("http_events", event="2", status="NOANSWER", **same)
    expect(row).to_have_count(1)
    before = int(page.locator("#missed-count-side .count").inner_text())
    back = {"src_type": "2", "call_id": "journey-back", "src_num": "100", "dst_num": "89135553322"}
    place.report("http_events", event="1", **back)
    place.report("http_events", event="3", **back)
    expect(row).to_have_count(0)
    left = page.locator("#missed-count-side .count")
    expect(left).to_have_text(str(before - 1))


def test_a_note_is_kept_through_a_lost_page(place: Place, sign_in: SignIn) -> None:
    page = sign_in()
    page.goto(place.base_url + "/calls/")
    page.locator("#call-list tbody a").first.click()
    page.locator("[name=notes]").fill("Просили столик у окна")
    page.reload()
    expect(page.locator("[name=notes]")).to_have_value("Просили столик у окна")
    page.locator("#call-notes button[type=submit]").click()
    expect(page.locator(".toast")).to_contain_text("Сохранено")
    page.reload()
    expect(page.locator("[name=notes]")).to_have_value("Просили столик у окна")
