"""Registering, signing in and out, the cookies that it leaves, and how a session goes on after half an hour."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from litestar import Request
from litestar.testing import RequestFactory

from patungan.kernel.chance import SystemChance
from patungan.kernel.identity import Role
from patungan.web.api import Api, ApiProblem
from patungan.web.settings import service_urls
from patungan.web.visitor import Renewals, Visitor
from tests.house import PASSWORD, House
from tests.web.browser import ACCESS_COOKIE, CSRF_COOKIE, REFRESH_COOKIE, Browser, fields_of, read, storefront


async def code_for(house: House, phone: str) -> str:
    """The code that was sent to a number last."""
    response = await house.client.get(
        f"{house.sandbox_url}/_sandbox/messages", params={"phone": phone, "channel": "whatsapp"}
    )
    newest: dict[str, Any] = response.json()["messages"][0]
    digits = [word.strip(".,*") for word in str(newest).replace("'", " ").split()]
    return next(word for word in digits if len(word) == 6 and word.isdigit())


async def test_registering_by_a_code_signs_in_and_leads_on(browser: Browser, one_house: House) -> None:
    phone = "+6281350000001"
    page = await browser.open("/register?next=/wallet")
    second = await browser.send(page, "/register/code", phone="0813 5000 0001")
    assert "Kode 6 angka dikirim ke 0813 5000 0001" in second.text
    code = await code_for(one_house, phone)
    wrong = await browser.send(
        second, "/register", 400, otp=str((int(code) + 1) % 1_000_000).zfill(6), first_name="Dewi", password=PASSWORD
    )
    assert wrong.tree.one("p", role="alert").text == "Kode salah."
    assert wrong.tree.one("input", name="otp").attributes["aria-invalid"] == "true"
    assert wrong.tree.one("input", name="first_name").attributes["value"] == "Dewi"
    wallet = await browser.send(wrong, "/register", otp=code, first_name="Dewi", password=PASSWORD)
    assert wallet.response.url.path == "/wallet"
    assert "Halo, Dewi" in (await browser.open("/account")).text


async def test_a_number_that_is_none_is_refused_at_its_field(browser: Browser) -> None:
    page = await browser.open("/register")
    refused = await browser.send(page, "/register/code", 400, phone="021 555 1234")
    field = refused.tree.one("input", name="phone")
    assert field.attributes["aria-invalid"] == "true"
    hint = refused.tree.one("p", id=field.attributes["aria-describedby"])
    assert hint.text == "Ini bukan nomor HP Indonesia."


@pytest.mark.parametrize("production", [False, True])
async def test_tokens_live_in_cookies_that_no_script_can_read(one_house: House, production: bool) -> None:
    person = await one_house.person()
    changes = {"PATUNGAN_ENVIRONMENT": "production"} if production else {}
    async with storefront(one_house, **changes) as browser:
        browser.client.base_url = browser.client.base_url.copy_with(scheme="https")
        page = await browser.open("/login")
        response = await browser.post(page, "/login", phone=person.phone, password=PASSWORD)
        assert response.status_code == 303
        set_by = {line.partition("=")[0]: line for line in response.headers.get_list("set-cookie")}
        assert set(set_by) == {ACCESS_COOKIE, REFRESH_COOKIE}
        for line in [*set_by.values(), page.response.headers["set-cookie"]]:
            lowered = line.lower()
            assert "httponly" in lowered
            assert "samesite=lax" in lowered
            assert "path=/" in lowered
            assert ("; secure" in lowered) is production
        assert page.response.headers["set-cookie"].startswith(CSRF_COOKIE)


async def test_a_wrong_password_is_told_and_says_no_more(browser: Browser, one_house: House) -> None:
    person = await one_house.person()
    page = await browser.open("/login")
    refused = await browser.send(page, "/login", 401, phone=person.phone, password="salah-sekali")
    assert refused.tree.one("p", role="alert").text == "Nomor HP atau kata sandi salah."
    unknown = await browser.send(page, "/login", 401, phone="0899 0000 0001", password="salah-sekali")
    assert unknown.tree.one("p", role="alert").text == "Nomor HP atau kata sandi salah."
    assert browser.cookie(ACCESS_COOKIE) is None


@pytest.mark.parametrize("path", ["/me", "/orders", "/wallet", "/addresses", "/notifications", "/account"])
async def test_own_pages_ask_to_sign_in_and_come_back(browser: Browser, one_house: House, path: str) -> None:
    person = await one_house.person()
    page = await browser.open(path)
    assert page.response.url.path == "/login"
    assert (await browser.send(page, "/login", phone=person.phone, password=PASSWORD)).response.url.path == path


async def test_signing_out_ends_the_session_everywhere(browser: Browser, one_house: House) -> None:
    person = await one_house.person()
    await browser.sign_in(person.phone, PASSWORD)
    refresh = browser.cookie(REFRESH_COOKIE)
    out = await browser.send(await browser.open("/account"), "/logout")
    assert "Anda sudah keluar." in out.text
    assert browser.cookie(ACCESS_COOKIE) is None
    assert browser.cookie(REFRESH_COOKIE) is None
    again = await one_house.request("POST", "auth", "/api/auth/refresh", {"refresh_token": refresh})
    assert again.status_code == 401


async def test_an_expired_token_is_renewed_once_for_all_requests_under_way(browser: Browser, one_house: House) -> None:
    person = await one_house.person()
    await browser.sign_in(person.phone, PASSWORD)
    old = browser.cookie(REFRESH_COOKIE)
    one_house.later(minutes=31)
    cookies = dict(browser.client.cookies)
    # A browser that sends three requests at once sends the old token three times.
    browser.client.cookies.clear()
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    answers = await asyncio.gather(
        *(browser.client.get(path, headers={"Cookie": header}) for path in ("/me", "/wallet", "/orders"))
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    renewed = {answer.cookies[REFRESH_COOKIE] for answer in answers}
    assert len(renewed) == 1
    assert old not in renewed
    late = await browser.client.get("/me", headers={"Cookie": header})
    assert late.status_code == 200, "a request with the old cookie a moment later is no theft"
    last = await browser.client.get("/me")
    assert last.status_code == 200


class _HeldBack(Api):
    """The services, with the refusals of one path held back until they may be heard."""

    def __init__(self, urls: Mapping[str, str], path: str) -> None:
        super().__init__(urls)
        self._path = path
        self.refused, self.may_be_heard = asyncio.Event(), asyncio.Event()

    async def call(self, method: str, service: str, path: str, **how: Any) -> Any:
        try:
            return await super().call(method, service, path, **how)
        except ApiProblem:
            if path == self._path:
                self.refused.set()
                await self.may_be_heard.wait()
            raise


async def test_a_page_renews_once_though_one_of_its_calls_is_refused_late(browser: Browser, one_house: House) -> None:
    person = await one_house.person()
    await browser.sign_in(person.phone, PASSWORD)
    one_house.later(minutes=31)
    late = "/api/notifications/unread-count"
    api = _HeldBack(service_urls(one_house.environment), late)
    request: Request[Any, Any, Any] = RequestFactory().get(
        "/", cookies="; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
    )
    visitor = Visitor(request, api, Renewals(api), one_house.clock, SystemChance(), secure=False)
    try:
        slow = asyncio.create_task(visitor.get("notification", late))
        await api.refused.wait()
        await visitor.get("wallet", "/api/wallet/balance")
        renewed = visitor.refresh_token
        api.may_be_heard.set()
        await slow
        assert visitor.refresh_token == renewed != browser.cookie(REFRESH_COOKIE)
    finally:
        await api.close()


async def test_a_session_that_has_ended_leads_to_sign_in_but_not_on_public_pages(
    browser: Browser, one_house: House
) -> None:
    person = await one_house.person()
    await browser.sign_in(person.phone, PASSWORD)
    one_house.later(days=31)
    assert (await browser.open("/")).response.url.path == "/"
    page = await browser.open("/me")
    assert page.response.url.path == "/login"
    assert browser.cookie(REFRESH_COOKIE) is None


@pytest.mark.parametrize("path", ["/login", "/logout", "/language", "/addresses", "/register/code"])
async def test_a_form_without_its_token_is_refused(browser: Browser, one_house: House, path: str) -> None:
    person = await one_house.person()
    await browser.sign_in(person.phone, PASSWORD)
    refused = await browser.client.post(path, data={"phone": person.phone, "password": PASSWORD})
    assert refused.status_code == 403
    assert "Formulir ini sudah kedaluwarsa" in read(refused.text).text
    forged = await browser.client.post(path, data={"_csrf_token": "0" * 128})
    assert forged.status_code == 403
    assert browser.cookie(ACCESS_COOKIE)


async def test_another_visitor_s_form_token_is_refused(one_house: House) -> None:
    async with storefront(one_house) as one, storefront(one_house) as other:
        token = fields_of((await other.open("/login")).form("/login"))["_csrf_token"]
        page = await one.open("/login")
        response = await one.post(page, "/login", _csrf_token=token, phone="0812", password=PASSWORD)
        assert response.status_code == 403


async def test_guessing_passwords_is_slowed_down(browser: Browser, one_house: House) -> None:
    person = await one_house.person()
    page = await browser.open("/login")
    statuses = [
        (await browser.post(page, "/login", phone=person.phone, password=f"tebakan-{number}")).status_code
        for number in range(22)
    ]
    assert statuses[:20] == [401] * 20
    assert statuses[20:] == [429, 429]


async def test_a_forgotten_password_is_set_anew(browser: Browser, one_house: House) -> None:
    person = await one_house.person()
    page = await browser.open("/reset-password")
    second = await browser.send(page, "/reset-password/code", phone=person.phone)
    code = await code_for(one_house, person.phone)
    done = await browser.send(second, "/reset-password", otp=code, password="kata-sandi-baru-456")
    assert "Kata sandi baru tersimpan." in done.text
    assert (await browser.sign_in(person.phone, "kata-sandi-baru-456", "/me")).response.url.path == "/me"


async def test_every_answer_carries_the_security_headers(browser: Browser, one_house: House) -> None:
    person = await one_house.person(Role.CUSTOMER)
    for path in ("/", "/nowhere", "/login", "/health", "/me"):
        headers = (await browser.client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    page = await browser.sign_in(person.phone, PASSWORD, "/me")
    assert page.response.headers["Cache-Control"] == "no-store"
