"""The storefront in a real browser: by keyboard alone, on a narrow phone, and as a screen reader and weak eyes meet it.

Skipped where there is no Chromium; on Debian: ``apt-get install chromium``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from patungan.operations.ports import free_port
from patungan.operations.serve import serve_app
from patungan.web.app import create_web
from tests.bazaar import Bazaar
from tests.house import PASSWORD, House
from tests.market import Buyer
from tests.web.chromium import Tab, chromium, executable

CHROMIUM = executable()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine: apt-get install chromium")

PHONE = (375, 700)

OVERFLOWING = """(() => {
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > width + 1)
        .map((each) => each.tagName + '.' + each.className + ' ' + each.textContent.trim().slice(0, 30)).slice(0, 5);
})()"""
"""What makes a page wider than its window."""

PALE = """(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const read = (colour) => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const light = (rgb) => {
        const [r, g, b] = rgb.map((part) => part / 255).map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3]));
    const behind = (element) => {
        const layers = [];
        for (let each = element; each; each = each.parentElement) {
            const style = getComputedStyle(each);
            if (style.backgroundImage !== 'none') return null;
            layers.push(read(style.backgroundColor));
            if (layers.at(-1)[3] === 1) break;
        }
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
    };
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        const text = texts.currentNode.data.trim();
        if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        if (element.closest('.hidden, svg, :disabled, .skip, label:has(:disabled)')) continue;
        const ground = behind(element);
        if (!ground) continue;
        const style = getComputedStyle(element);
        let faint = 1;
        for (let each = element; each; each = each.parentElement) faint *= Number(getComputedStyle(each).opacity);
        const colour = read(style.color);
        const ink = over([...colour.slice(0, 3), colour[3] * faint], ground);
        const [bright, dark] = [light(ink), light(ground)].sort((a, b) => b - a);
        const ratio = (bright + .05) / (dark + .05);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className} ${text.slice(0, 30)}`);
    }
    return found;
})()"""
"""Words that stand out too little from what is behind them (WCAG 2.2, 1.4.3); what lies on a picture is not judged."""

CONTROLS = """(() => {
    const all = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
    window.controls = [...document.querySelectorAll(all)].filter((each) => {
        if (each.disabled || !each.checkVisibility({ visibilityProperty: true })) return false;
        if (each.tagName === 'NOSCRIPT' || each.closest('noscript') || each.tabIndex < 0) return false;
        if (each.type !== 'radio') return true;
        const group = [...document.getElementsByName(each.name)].filter((other) => other.form === each.form);
        return each === (group.find((other) => other.checked) || group[0]);
    });
    return window.controls.length;
})()"""
"""Counts what Tab has to reach; of a group of radio buttons one."""

FOCUS = """(() => {
    const it = document.activeElement;
    const said = it.outerHTML.slice(0, 90);
    const at = window.controls.indexOf(it);
    if (it === document.body) return { at: -2, said, faults: [] };
    let shown = it;
    let box = it.getBoundingClientRect();
    if (it.matches('input[type=radio], input[type=checkbox], input[type=file]') && it.closest('label')) {
        shown = it.closest('label');
        box = shown.getBoundingClientRect();
    }
    if (it.matches('.card h3 a')) shown = it.closest('.card');
    const faults = [];
    const style = [getComputedStyle(it), getComputedStyle(shown)];
    if (!style.some((each) => (each.outlineStyle !== 'none' && parseFloat(each.outlineWidth) >= 2))) faults.push('no ring');
    if (box.width < 1 || box.height < 1) faults.push('no size');
    if (box.bottom > innerHeight + 1 && box.height < innerHeight || box.top < -1) faults.push('out of sight');
    const inside = [...it.getClientRects(), box].some((part) => {
        const top = document.elementFromPoint(part.left + part.width / 2, Math.min(innerHeight - 2, part.top + part.height / 2));
        return top && (shown.contains(top) || top.contains(it));
    });
    if (!inside) faults.push('covered');
    if (box.width < 24 && box.height < 24 && !it.closest('p, li, td, dd')) faults.push('too small a target');
    return { at, said, faults };
})()"""
"""Which control has the focus, and what is wrong with how it shows (WCAG 2.2, 2.4.7, 2.4.11 and 2.5.8)."""

SPOKEN = {"link", "button", "textbox", "searchbox", "combobox", "spinbutton", "radio", "checkbox", "DisclosureTriangle"}
LANDMARKS = """({
    lang: document.documentElement.lang, title: document.title, h1: document.querySelectorAll('h1').length,
    mains: document.querySelectorAll('main').length,
    ids: [...document.querySelectorAll('[id]')].map((each) => each.id).filter((id, at, all) => all.indexOf(id) !== at),
    pictures: [...document.querySelectorAll('img:not([alt])')].map((each) => each.src),
    skips: [...document.querySelectorAll('h1, h2, h3, h4')].map((each) => Number(each.tagName[1]))
        .filter((level, at, all) => at && level > all[at - 1] + 1),
})"""


@dataclass(frozen=True)
class Shop:
    """A storefront on a port of its own, something to buy, and somebody who has bought."""

    url: str
    house: House
    bazaar: Bazaar
    session: Any
    buyer: Buyer
    pages: dict[str, list[str]]


async def _bought(bazaar: Bazaar) -> tuple[Any, Buyer, list[str]]:
    """Somebody who has something on every page of theirs; the paths of those pages."""
    market = bazaar.market
    session = await market.session(hours=400)
    buyer = await market.buyer()
    paid, open_still = await buyer.join(session, 2), await buyer.join(session, 1)
    await buyer.pay(paid)
    await market.paid_units(session, 2)
    made = await bazaar.buy(buyer, bazaar.line(2), bazaar.line(1, own=True))
    number = made["orders"][0]["number"]
    code = (await buyer.person.get("payment", f"/api/payments/{open_still['payment']['id']}"))["code"]
    pages = [
        "/me", "/orders", "/wallet", "/wallet/withdrawals", "/notifications", "/account", "/addresses", "/cart",
        f"/payments/{paid['payment']['id']}", f"/payments/{paid['payment']['id']}/receipt",
        f"/payments/{open_still['payment']['id']}", f"/pay/{code}", f"/orders/{number}", f"/sessions/{session['code']}",
    ]  # fmt: skip
    return session, buyer, pages


@pytest.fixture(scope="module")
async def shop(one_house: House) -> AsyncIterator[Shop]:
    bazaar = await Bazaar.open(one_house)
    session, buyer, own = await _bought(bazaar)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    web: Any = create_web({**one_house.environment, "PUBLIC_URL": url}, clock=one_house.clock)
    server = serve_app(web, "127.0.0.1", port)
    serving = asyncio.create_task(server.serve())
    public = [
        "/", "/?show=all&q=tidak-ada", "/products", f"/products/{bazaar.product['slug']}", f"/sessions/{session['code']}",
        f"/sessions/{session['code']}/share", "/login", "/register", "/reset-password", "/docs", "/docs/problems",
        "/docs/payment", "/tidak-ada",
    ]  # fmt: skip
    yield Shop(url, one_house, bazaar, session, buyer, {"public": public, "own": own})
    server.stop()  # type: ignore[no-untyped-call]
    await serving


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with chromium(str(CHROMIUM)) as running:
        yield await running.tab()


async def signed_in(tab: Tab, shop: Shop, buyer: Buyer) -> None:
    await tab.open(f"{shop.url}/login")
    await tab.look("document.querySelector('[name=phone]').focus()")
    await tab.write(buyer.person.phone)
    await tab.press("Tab")
    await tab.write(PASSWORD)
    await tab.press("Enter")
    await tab.until("location.pathname === '/' && document.readyState === 'complete'")


async def faults_of_keys(tab: Tab) -> list[str]:
    """Go through a page by Tab: what is never reached, and what cannot be seen to be reached."""
    faults, reached = [], set()
    count = await tab.look(CONTROLS)
    for _ in range(count + 5):
        await tab.press("Tab")
        seen = await tab.look(FOCUS)
        if seen["at"] == -2:
            break
        reached.add(seen["at"])
        faults += [f"{fault}: {seen['said']}" for fault in seen["faults"]]
    missed = [await tab.look(f"controls[{at}].outerHTML.slice(0, 90)") for at in range(count) if at not in reached]
    return faults + [f"not reached: {each}" for each in missed]


async def faults_of(tab: Tab, url: str, language: str) -> list[str]:
    """What is wrong with a page on a phone, in light and in dark; keys are pressed in one language, for they are the same."""
    await tab.screen(*PHONE)
    await tab.open(url)
    await tab.until("!document.querySelector('.htmx-request')")
    faults = [f"too wide: {each}" for each in await tab.look(OVERFLOWING)]
    faults += [f"nameless: {role}" for role, name in await tab.named() if role in SPOKEN and not name.strip()]
    faults += [f"pale: {each}" for each in await tab.look(PALE)]
    known = await tab.look(LANDMARKS)
    title = known.pop("title")
    expected = {"lang": language, "h1": 1, "mains": 1, "ids": [], "pictures": [], "skips": []}
    faults += [f"{name}: {known[name]}" for name in expected if known[name] != expected[name]]
    faults += await faults_of_keys(tab) if language == "id" else []
    await tab.screen(*PHONE, dark=True)
    faults += [f"pale in the dark: {each}" for each in await tab.look(PALE)]
    return [f"{url}: {each}" for each in faults] + ([] if title.strip() else [f"{url}: no title"])


@pytest.mark.parametrize("language", ["id", "en"])
async def test_every_page_is_for_everybody(shop: Shop, tab: Tab, language: str) -> None:
    await tab.open(f"{shop.url}/")
    await tab.look(f"document.querySelector('button[name=language][value={language}]').click()")
    await tab.until(f"document.readyState === 'complete' && document.documentElement.lang === '{language}'")
    faults: list[str] = []
    for path in shop.pages["public"]:
        faults += await faults_of(tab, shop.url + path, language)
    await signed_in(tab, shop, shop.buyer)
    for path in shop.pages["own"]:
        faults += await faults_of(tab, shop.url + path, language)
    assert not faults, "\n".join(faults)


async def test_joining_and_paying_by_the_keyboard_alone(shop: Shop, tab: Tab) -> None:
    market = shop.bazaar.market
    buyer = await market.buyer()
    page = f"/sessions/{shop.session['code']}"
    await tab.open(shop.url + page)
    await tab.press("Tab")
    assert await tab.look("document.activeElement.getAttribute('href')") == "#content"
    await tab.press("Enter")
    await tab.tab_to(f'main a[href="/login?next={page}"]')
    await tab.press("Enter")
    await tab.until("location.pathname === '/login' && document.readyState === 'complete'")
    await tab.tab_to("[name=phone]")
    await tab.write(buyer.person.phone)
    await tab.tab_to("[name=password]", 1)
    await tab.write(PASSWORD)
    await tab.press("Enter")
    await tab.until(f"location.pathname === '{page}' && document.querySelector('#couriers [name=courier_service]')")
    await tab.tab_to("#quantity")
    before = await tab.look("document.querySelector('[data-sum=total]').textContent")
    await tab.press("ArrowUp")
    await tab.press("Tab")
    await tab.until(f"document.querySelector('[data-sum=total]')?.textContent !== '{before}'")
    await tab.tab_to("#couriers input[name=courier_service]")
    await tab.press("ArrowDown")
    shown = await tab.look("document.querySelector('[data-sum=total]').textContent")
    await tab.tab_to("#couriers button")
    await tab.press("Enter")
    await tab.until("location.pathname.startsWith('/payments/') && document.readyState === 'complete'")
    assert await tab.look("document.querySelector('dd.total').textContent") == shown
    (mine,) = (await buyer.person.get("group-buying", "/api/group-buying/mine"))["items"]
    assert (mine["quantity"], f"Rp {mine['total']:,}".replace(",", ".")) == (2, shown)
    payment = await tab.look("location.pathname")
    await tab.tab_to("#pay-button")
    # The status is looked up every two seconds; who is on the button stays there.
    await asyncio.sleep(2.5)
    assert await tab.look("document.activeElement.id") == "pay-button"
    await tab.press("Enter")
    await tab.until(f"location.origin === '{shop.house.sandbox_url}' && document.readyState === 'complete'")
    await tab.tab_to("button")
    await tab.press("Enter")

    async def is_paid() -> bool:
        seen = await buyer.person.get("payment", f"/api{payment}")
        return bool(seen["status"] == "paid")

    await shop.house.eventually(is_paid, seconds=30)
    await tab.open(shop.url + payment)
    assert await tab.look("document.querySelector('#payment-status .note.good') !== null")


async def test_a_place_is_looked_up_and_chosen_by_the_keyboard(shop: Shop, tab: Tab) -> None:
    await tab.screen(*PHONE)
    await signed_in(tab, shop, shop.buyer)
    await tab.open(f"{shop.url}/addresses")
    await tab.tab_to("[data-arrows] input")
    await tab.write("gambir")
    await tab.until("document.querySelectorAll('[data-arrows] li button').length > 1")
    for key, focused in (("ArrowDown", "li button"), ("Escape", "input"), ("ArrowDown", "li:first-child button")):
        await tab.press(key)
        assert await tab.look(f"document.activeElement.matches('[data-arrows] {focused}')"), key
    await tab.press("Enter")
    await tab.until("document.activeElement.id === 'f-line'")
    chosen = await tab.look("[...document.querySelectorAll('#place-fields input')].map((each) => each.value)")
    assert "Gambir" in chosen, chosen
