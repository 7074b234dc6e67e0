"""The ways through auth that people take, over its public API and WhatsApp, and everything on them that must be refused."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from patungan.contracts import auth as contract
from patungan.kernel.identity import Caller, Role, Scope
from patungan.operations import administrators
from patungan.operations.layout import OperationError
from tests.house import PASSWORD, House, Person
from tests.operations.stacks import stack_of

_numbers = itertools.count(1)
WHATSAPP_DOWN = {"provider": "whatsapp", "operation": "send_message", "action": "fail", "status": 429}
SMS_DOWN = {"provider": "sms", "operation": "send_*", "action": "fail", "status": 429}


def new_phone(ending: str = "") -> str:
    return f"+62857{next(_numbers):05d}{ending or '414'}"


async def messages(house: House, phone: str, channel: str = "whatsapp") -> list[dict[str, Any]]:
    """What was sent to a number, the newest first."""
    response = await house.client.get(
        f"{house.sandbox_url}/_sandbox/messages", params={"phone": phone, "channel": channel}
    )
    found: list[dict[str, Any]] = response.json()["messages"]
    return found


async def lay_faults(house: House, *rules: dict[str, Any]) -> None:
    response = await house.client.put(f"{house.sandbox_url}/_sandbox/faults", json={"faults": rules})
    assert response.status_code == 200, response.text


async def ask(house: House, path: str, body: dict[str, Any], status: int, code: str = "") -> dict[str, Any]:
    """Post to auth as nobody in particular; the answer has that status and, for a problem, that code."""
    response = await house.request("POST", "auth", f"/api/auth/{path}", body)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json() if response.content else {}
    if status >= 400:
        assert answer["code"] == code
    return answer


async def code_for(house: House, phone: str, purpose: str = "signup", channel: str = "whatsapp") -> str:
    """Ask for a code and read it from the message."""
    answer = await ask(house, "otp", {"phone": phone, "purpose": purpose}, 202)
    assert answer == {"expires_in": 300, "resend_after": 60}
    code = (await messages(house, phone, channel))[0]["code"]
    assert isinstance(code, str)
    return code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def sign_up_input(phone: str, otp: str, **other: Any) -> dict[str, Any]:
    return {"phone": phone, "first_name": "Sari", "last_name": "Wijaya", "password": PASSWORD, "otp": otp, **other}


async def signed_up(house: House) -> tuple[str, dict[str, Any]]:
    phone = new_phone()
    return phone, await ask(house, "signup", sign_up_input(phone, await code_for(house, phone)), 201)


async def login(house: House, phone: str, password: str = PASSWORD) -> dict[str, Any]:
    return await ask(house, "login", {"phone": phone, "password": password}, 200)


async def refused_refresh(house: House, token: str) -> None:
    await ask(house, "refresh", {"refresh_token": token}, 401, "refresh_token_invalid")


async def refreshed(house: House, token: str) -> dict[str, Any]:
    return await ask(house, "refresh", {"refresh_token": token}, 200)


async def execute(house: House, statement: str, *values: Any) -> None:
    connection = await house.owner()
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def test_a_new_customer_signs_up_signs_in_and_is_known(one_house: House) -> None:
    typed = "0857" + new_phone()[6:]
    phone = f"+62{typed[1:]}"
    code = await code_for(one_house, typed)
    (message,) = await messages(one_house, phone)
    assert (message["template"], message["language"]) == ("otp", "id")
    tokens = await ask(one_house, "signup", sign_up_input(typed, code), 201)
    assert set(tokens) == {"access_token", "refresh_token", "expires_in", "user_id", "role", "token_type"}
    assert (tokens["role"], tokens["expires_in"], tokens["token_type"]) == ("customer", 1800, "Bearer")
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = await one_house.request("GET", "auth", "/api/auth/me", headers=headers)
    assert me.json() == {
        "id": tokens["user_id"],
        "phone": phone,
        "email": None,
        "first_name": "Sari",
        "last_name": "Wijaya",
        "role": "customer",
        "scopes": [],
    }
    for spelling in (phone, typed, phone[1:], f"{typed[:4]}-{typed[4:8]} {typed[8:]}"):
        assert (await login(one_house, spelling))["user_id"] == tokens["user_id"]
    users = await one_house.context("wallet").call(
        contract.get_users, contract.GetUsers(user_ids=[UUID(tokens["user_id"])])
    )
    assert users.users[0] == contract.User(
        id=UUID(tokens["user_id"]),
        phone=phone,
        first_name="Sari",
        last_name="Wijaya",
        role=Role.CUSTOMER,
        status="active",
    )


async def test_an_access_token_ends_after_half_an_hour(one_house: House) -> None:
    _, tokens = await signed_up(one_house)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    one_house.later(minutes=29)
    assert (await one_house.request("GET", "auth", "/api/auth/me", headers=headers)).status_code == 200
    one_house.later(minutes=1)
    ended = await one_house.request("GET", "auth", "/api/auth/me", headers=headers)
    assert (ended.status_code, ended.json()["code"]) == (401, "token_expired")


async def test_three_wrong_codes_spend_it(one_house: House) -> None:
    phone = new_phone()
    code = await code_for(one_house, phone)
    for _ in range(3):
        problem = await ask(one_house, "signup", sign_up_input(phone, wrong(code)), 400, "otp_invalid")
        assert problem["field"] == "otp"
    await ask(one_house, "signup", sign_up_input(phone, code), 400, "otp_expired")
    await ask(one_house, "login", {"phone": phone, "password": PASSWORD}, 401, "credentials_invalid")
    one_house.later(seconds=61)
    again = await code_for(one_house, phone)
    await ask(one_house, "signup", sign_up_input(phone, again), 201)


async def test_wrong_codes_at_once_are_all_counted(one_house: House) -> None:
    phone = new_phone()
    code = await code_for(one_house, phone)
    bodies = [sign_up_input(phone, f"{(int(code) + number) % 1_000_000:06d}") for number in range(1, 13)]
    answers = await asyncio.gather(*(one_house.request("POST", "auth", "/api/auth/signup", body) for body in bodies))
    codes = sorted(answer.json()["code"] for answer in answers)
    assert codes == ["otp_expired"] * 9 + ["otp_invalid"] * 3
    await ask(one_house, "signup", sign_up_input(phone, code), 400, "otp_expired")


async def test_a_code_expires_works_once_for_one_number_and_one_purpose(one_house: House) -> None:
    phone, other = new_phone(), new_phone()
    await ask(one_house, "signup", sign_up_input(phone, "123456"), 400, "otp_expired")
    code = await code_for(one_house, phone)
    await code_for(one_house, other)
    reset = {"phone": phone, "otp": code, "password": PASSWORD}
    await ask(one_house, "password-reset", reset, 400, "otp_expired")
    response = await one_house.request("POST", "auth", "/api/auth/signup", sign_up_input(other, code))
    assert response.json()["code"] == "otp_invalid"
    one_house.later(minutes=5)
    await ask(one_house, "signup", sign_up_input(phone, code), 400, "otp_expired")
    fresh = await code_for(one_house, phone)
    one_house.later(minutes=4, seconds=55)
    await ask(one_house, "signup", sign_up_input(phone, fresh), 201)
    await ask(one_house, "signup", sign_up_input(phone, fresh), 400, "otp_expired")


async def test_a_new_code_replaces_the_old_one(one_house: House) -> None:
    phone = new_phone()
    first = await code_for(one_house, phone)
    one_house.later(minutes=1)
    second = await code_for(one_house, phone)
    if first != second:
        await ask(one_house, "signup", sign_up_input(phone, first), 400, "otp_invalid")
    await ask(one_house, "signup", sign_up_input(phone, second), 201)


async def test_codes_are_a_minute_apart_and_five_an_hour_over_all_purposes(one_house: House) -> None:
    phone = new_phone()
    await code_for(one_house, phone)
    # Impatience costs nothing: what was refused is not counted.
    for _ in range(8):
        problem = await ask(one_house, "otp", {"phone": phone}, 429, "otp_too_soon")
        assert problem["field"] == "phone"
    await code_for(one_house, phone, "reset_password")
    for _ in range(3):
        one_house.later(seconds=60)
        await code_for(one_house, phone)
    assert len(await messages(one_house, phone)) == 5
    one_house.later(seconds=60)
    for purpose in ("signup", "reset_password"):
        await ask(one_house, "otp", {"phone": phone, "purpose": purpose}, 429, "otp_too_soon")
    one_house.later(minutes=57)
    await code_for(one_house, phone)


async def test_codes_asked_for_at_once_are_sent_once(one_house: House) -> None:
    phone = new_phone()
    answers = await asyncio.gather(
        *(one_house.request("POST", "auth", "/api/auth/otp", {"phone": phone}) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [202] + [429] * 7
    (message,) = await messages(one_house, phone)
    await ask(one_house, "signup", sign_up_input(phone, message["code"]), 201)


async def test_what_is_no_mobile_number_gets_no_code(one_house: House) -> None:
    for text in ("+6221555123", "081234567", "08123456789012345", "+14155550100", "halo-halo-halo"):
        problem = await ask(one_house, "otp", {"phone": text}, 400, "phone_invalid")
        assert problem["field"] == "phone"


async def test_the_answer_does_not_tell_who_has_an_account(one_house: House) -> None:
    phone, _ = await signed_up(one_house)
    one_house.later(minutes=1)
    known = await ask(one_house, "otp", {"phone": phone, "purpose": "reset_password"}, 202)
    assert known == await ask(one_house, "otp", {"phone": new_phone(), "purpose": "reset_password"}, 202)
    bodies = [{"phone": phone, "password": "salah-sekali"}, {"phone": new_phone(), "password": "salah-sekali"}]
    problems = [await ask(one_house, "login", body, 401, "credentials_invalid") for body in bodies]
    assert problems[0] == problems[1]


async def test_a_number_that_is_taken_keeps_its_account(one_house: House) -> None:
    phone, tokens = await signed_up(one_house)
    one_house.later(minutes=1)
    code = await code_for(one_house, phone)
    taken = sign_up_input(phone, code, first_name="Penyusup", password="kata-sandi-lain")
    problem = await ask(one_house, "signup", taken, 409, "phone_taken")
    assert problem["field"] == "phone"
    await ask(one_house, "login", {"phone": phone, "password": "kata-sandi-lain"}, 401, "credentials_invalid")
    assert (await login(one_house, phone))["user_id"] == tokens["user_id"]


async def test_one_of_two_sign_ups_at_once_opens_the_account(one_house: House) -> None:
    phone = new_phone()
    code = await code_for(one_house, phone)
    body = sign_up_input(phone, code)
    answers = await asyncio.gather(*(one_house.request("POST", "auth", "/api/auth/signup", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]


async def test_passwords_fit_bcrypt_whole(one_house: House) -> None:
    phone = new_phone()
    code = await code_for(one_house, phone)
    for password in ("1234567", "x" * 73, "é" * 37):
        problem = await ask(
            one_house, "signup", sign_up_input(phone, code, password=password), 400, "password_too_weak"
        )
        assert problem["field"] == "password"
    longest = "x" * 72
    await ask(one_house, "signup", sign_up_input(phone, code, password=longest), 201)
    await login(one_house, phone, longest)
    await ask(one_house, "login", {"phone": phone, "password": longest + "y"}, 401, "credentials_invalid")
    await ask(one_house, "login", {"phone": phone, "password": longest[:-1]}, 401, "credentials_invalid")


async def test_refresh_tokens_rotate_and_a_second_use_ends_the_family(one_house: House) -> None:
    phone, tokens = await signed_up(one_house)
    elsewhere = await login(one_house, phone)
    first = tokens["refresh_token"]
    second = await refreshed(one_house, first)
    assert second["refresh_token"] != first
    assert second["user_id"] == tokens["user_id"]
    third = await refreshed(one_house, second["refresh_token"])
    await refused_refresh(one_house, first)
    for token in (second["refresh_token"], third["refresh_token"]):
        await refused_refresh(one_house, token)
    # Another sign-in is another family.
    await refreshed(one_house, elsewhere["refresh_token"])
    await login(one_house, phone)


async def test_a_refresh_token_exchanged_twice_at_once_is_taken_for_stolen(one_house: House) -> None:
    _, tokens = await signed_up(one_house)
    body = {"refresh_token": tokens["refresh_token"]}
    answers = await asyncio.gather(*(one_house.request("POST", "auth", "/api/auth/refresh", body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    won = next(answer for answer in answers if answer.status_code == 200).json()
    await refused_refresh(one_house, won["refresh_token"])


async def test_a_refresh_token_lasts_thirty_days_from_its_issue(one_house: House) -> None:
    _, tokens = await signed_up(one_house)
    one_house.later(days=29, hours=23)
    renewed = await refreshed(one_house, tokens["refresh_token"])
    one_house.later(days=30)
    await refused_refresh(one_house, renewed["refresh_token"])
    await refused_refresh(one_house, "x" * 52)


async def test_logging_out_ends_the_session_it_is_about(one_house: House) -> None:
    phone, tokens = await signed_up(one_house)
    elsewhere = await login(one_house, phone)
    renewed = await refreshed(one_house, tokens["refresh_token"])
    await ask(one_house, "logout", {"refresh_token": renewed["refresh_token"]}, 204)
    await refused_refresh(one_house, renewed["refresh_token"])
    await ask(one_house, "logout", {"refresh_token": renewed["refresh_token"]}, 204)
    await ask(one_house, "logout", {"refresh_token": "x" * 52}, 204)
    await refreshed(one_house, elsewhere["refresh_token"])


async def test_a_forgotten_password_is_set_anew_and_ends_every_session(one_house: House) -> None:
    phone, tokens = await signed_up(one_house)
    one_house.later(minutes=1)
    code = await code_for(one_house, phone, "reset_password")
    fresh = "kata-sandi-baru-456"
    await ask(one_house, "password-reset", {"phone": phone, "otp": wrong(code), "password": fresh}, 400, "otp_invalid")
    weak = {"phone": phone, "otp": code, "password": "pendek"}
    await ask(one_house, "password-reset", weak, 400, "password_too_weak")
    await login(one_house, phone)
    await ask(one_house, "password-reset", {"phone": phone, "otp": code, "password": fresh}, 204)
    await ask(one_house, "login", {"phone": phone, "password": PASSWORD}, 401, "credentials_invalid")
    assert (await login(one_house, phone, fresh))["user_id"] == tokens["user_id"]
    await refused_refresh(one_house, tokens["refresh_token"])
    again = {"phone": phone, "otp": code, "password": PASSWORD}
    await ask(one_house, "password-reset", again, 400, "otp_expired")


async def test_a_reset_for_a_number_without_an_account_tells_nothing(one_house: House) -> None:
    phone = new_phone()
    code = await code_for(one_house, phone, "reset_password")
    await ask(one_house, "password-reset", {"phone": phone, "otp": code, "password": PASSWORD}, 204)
    await ask(one_house, "login", {"phone": phone, "password": PASSWORD}, 401, "credentials_invalid")


async def test_the_platforms_own_account_is_never_anybodys(one_house: House) -> None:
    bot = "+628001234567"
    for password in ("bot-no-password", PASSWORD, ""):
        await ask(one_house, "login", {"phone": bot, "password": password}, 401, "credentials_invalid")
    for purpose in ("signup", "reset_password"):
        await ask(one_house, "otp", {"phone": "08001234567", "purpose": purpose}, 202)
        await ask(
            one_house, "password-reset", {"phone": bot, "otp": "123456", "password": PASSWORD}, 400, "otp_expired"
        )
    assert await messages(one_house, bot) == []
    assert await messages(one_house, bot, "sms") == []
    # Even with a password, it does not sign in.
    person = await one_house.person()
    await execute(
        one_house,
        "update auth.users set password_hash = (select password_hash from auth.users where id = $1) where phone_number = $2",
        person.id,
        bot,
    )
    await ask(one_house, "login", {"phone": bot, "password": PASSWORD}, 403, "account_closed")


@pytest.mark.parametrize("status", ["suspended", "deleted"])
async def test_a_closed_account_is_refused_everywhere(one_house: House, status: str) -> None:
    phone, tokens = await signed_up(one_house)
    await execute(one_house, "update auth.users set status = $2 where id = $1", UUID(tokens["user_id"]), status)
    await ask(one_house, "login", {"phone": phone, "password": PASSWORD}, 403, "account_closed")
    await ask(one_house, "login", {"phone": phone, "password": "salah-sekali"}, 401, "credentials_invalid")
    await refused_refresh(one_house, tokens["refresh_token"])
    one_house.later(minutes=1)
    code = await code_for(one_house, phone, "reset_password")
    await ask(one_house, "password-reset", {"phone": phone, "otp": code, "password": "kata-sandi-lain"}, 204)
    one_house.later(minutes=1)
    taken = sign_up_input(phone, await code_for(one_house, phone))
    await ask(one_house, "signup", taken, 409, "phone_taken")
    await execute(one_house, "update auth.users set status = 'active' where id = $1", UUID(tokens["user_id"]))
    await login(one_house, phone)


async def change(person: Person, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    response = await person.request("PATCH", "auth", "/api/auth/me", body)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_an_email_signs_in_however_it_is_spelt_and_belongs_to_one(one_house: House) -> None:
    sari, budi = await one_house.person(), await one_house.person()
    changed = await change(sari, {"email": "Sari.Wijaya@Example.com", "last_name": ""})
    assert (changed["email"], changed["first_name"], changed["last_name"]) == ("sari.wijaya@example.com", "Sari", "")
    for spelling in ("sari.wijaya@example.com", " SARI.WIJAYA@example.com "):
        assert (await login(one_house, spelling))["user_id"] == str(sari.id)
    problem = await change(budi, {"email": "SARI.wijaya@example.com"}, 409)
    assert (problem["code"], problem["field"]) == ("conflict", "email")
    people = [await one_house.person() for _ in range(4)]
    answers = await asyncio.gather(
        *(person.request("PATCH", "auth", "/api/auth/me", {"email": "satu@example.com"}) for person in people)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await change(budi, {"email": "tanpa-at"}, 400))["field"] == "email"


async def test_no_code_is_stored_or_shown_in_the_open(one_house: House) -> None:
    phone = new_phone()
    code = await code_for(one_house, phone)
    connection = await one_house.owner()
    try:
        tables = await connection.fetch(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " where table_schema in ('auth', 'whatsapp', 'notification') and table_type = 'BASE TABLE'"
        )
        for table in tables:
            for row in await connection.fetch(
                f"select t::text from {table['name']} t where t::text like $1", f"%{phone}%"
            ):
                assert f"{{{code}}}" not in row[0]
                assert f",{code}," not in row[0]
    finally:
        await connection.close()


async def test_while_no_way_is_open_a_code_may_be_asked_for_again_at_once(one_house: House) -> None:
    phone = new_phone()
    await lay_faults(one_house, WHATSAPP_DOWN, SMS_DOWN)
    try:
        await ask(one_house, "otp", {"phone": phone}, 503, "service_unavailable")
    finally:
        await lay_faults(one_house)
    code = await code_for(one_house, phone)
    await ask(one_house, "signup", sign_up_input(phone, code), 201)


async def test_a_number_without_whatsapp_gets_its_code_by_sms(one_house: House) -> None:
    phone = new_phone("0000")
    code = await code_for(one_house, phone, channel="sms")
    assert await messages(one_house, phone) == []
    assert len(await messages(one_house, phone, "sms")) == 1
    await ask(one_house, "signup", sign_up_input(phone, code), 201)


async def test_while_whatsapp_is_away_codes_go_by_sms(one_house: House) -> None:
    phone = new_phone()
    await lay_faults(one_house, WHATSAPP_DOWN)
    try:
        code = await code_for(one_house, phone, channel="sms")
    finally:
        await lay_faults(one_house)
    await ask(one_house, "signup", sign_up_input(phone, code), 201)


async def test_an_administrator_suspends_an_account_and_brings_it_back(one_house: House) -> None:
    admin = await one_house.admin()
    phone, tokens = await signed_up(one_house)
    elsewhere = await login(one_house, phone)
    path = f"/api/auth/users/{tokens['user_id']}"
    reason = {"reason": "Empat pesanan fiktif"}
    found = await admin.get("auth", "/api/auth/users", phone=phone)
    assert [(each["id"], each["status"], each["role"]) for each in found["items"]] == [
        (tokens["user_id"], "active", "customer")
    ]
    assert (await admin.get("auth", "/api/auth/users", phone=new_phone()))["items"] == []
    suspended = await admin.post("auth", f"{path}/suspension", reason, key="once")
    assert (suspended["id"], suspended["status"]) == (tokens["user_id"], "suspended")
    assert await admin.post("auth", f"{path}/suspension", reason, key="once") == suspended
    again = await admin.request("POST", "auth", f"{path}/suspension", reason)
    assert (again.status_code, again.json()["code"]) == (409, "account_status_refused")
    await ask(one_house, "login", {"phone": phone, "password": PASSWORD}, 403, "account_closed")
    for each in (tokens, elsewhere):
        await refused_refresh(one_house, each["refresh_token"])

    back = await admin.post("auth", f"{path}/reinstatement", {"reason": "Pesanan ternyata sungguhan"})
    assert back["status"] == "active"
    # What was revoked stays so.
    await refused_refresh(one_house, tokens["refresh_token"])
    await login(one_house, phone)
    history = (await admin.get("auth", f"{path}/history"))["items"]
    assert [(each["action"], each["changes"], each["actor"]) for each in history] == [
        ("user.reinstated", {"reason": "Pesanan ternyata sungguhan"}, str(admin.id)),
        ("user.suspended", reason, str(admin.id)),
    ]
    told = await one_house.context("auth").db.fetch(
        "select payload->>'user_id' as who from auth.events where type = 'user.suspended' order by position desc limit 1"
    )
    assert told[0]["who"] == tokens["user_id"]


async def test_who_may_suspend_whom(one_house: House) -> None:
    top, plain = await one_house.admin(), await one_house.person(Role.ADMIN, Scope.SUPPORT)
    other, customer = await one_house.person(Role.ADMIN), await one_house.person()
    reason = {"reason": "Diminta kepala keamanan"}

    def path(who: Any, what: str = "suspension") -> str:
        return f"/api/auth/users/{who}/{what}"

    for person, target, status, code in (
        (customer, customer.id, 403, "forbidden"),
        (plain, other.id, 403, "forbidden"),
        (top, top.id, 409, "account_status_refused"),
        (top, UUID("00000000-0000-0000-0000-000000000001"), 409, "account_status_refused"),
        (top, UUID(int=7), 404, "unknown_user"),
    ):
        refused = await person.request("POST", "auth", path(target), reason)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    for body in ({}, {"reason": ""}, {"reason": "x"}, {"reason": "salah", "status": "deleted"}):
        refused = await top.request("POST", "auth", path(customer.id), body)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
    early = await top.request("POST", "auth", path(customer.id, "reinstatement"), reason)
    assert (early.status_code, early.json()["code"]) == (409, "account_status_refused")
    await execute(one_house, "update auth.users set status = 'deleted' where id = $1", customer.id)
    for what in ("suspension", "reinstatement"):
        refused = await top.request("POST", "auth", path(customer.id, what), reason)
        assert refused.json()["code"] == "account_status_refused"
    assert (await top.post("auth", path(other.id), reason))["status"] == "suspended"
    race = await one_house.person()
    answers = await asyncio.gather(*(top.request("POST", "auth", path(race.id), reason) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    assert (await customer.request("GET", "auth", "/api/auth/users", phone=race.phone)).status_code == 403
    assert (await one_house.request("GET", "auth", path(race.id, "history"))).status_code == 401


async def test_the_operator_makes_the_first_administrator(
    one_house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack, phone = stack_of(one_house, tmp_path), new_phone()
    wanted: dict[str, Any] = {"phone": phone, "name": "Rina Wulandari", "password": PASSWORD}
    wanted |= {"scopes": [Scope.SUPER_ADMIN], "clock": one_house.clock}
    assert await administrators.run(stack, **wanted, json=True) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["created"], made["scopes"]) == (True, ["super_admin"])
    signed_in = await login(one_house, phone)
    assert (signed_in["user_id"], signed_in["role"]) == (made["user_id"], "admin")
    # A second time it is known, and keeps its password.
    assert await administrators.run(stack, **{**wanted, "password": "kata-sandi-lain-9"}) == 0
    assert "exists already" in capsys.readouterr().out
    await login(one_house, phone)
    top = Person(
        one_house, UUID(made["user_id"]), phone, Caller(UUID(made["user_id"]), Role.ADMIN, frozenset(wanted["scopes"]))
    )
    history = (await top.get("auth", f"/api/auth/users/{made['user_id']}/history"))["items"]
    assert [(each["action"], each["actor"], each["changes"]) for each in history] == [
        ("admin.created", None, {"scopes": ["super_admin"]})
    ]
    taken, _tokens = await signed_up(one_house)
    for changed, why in (
        ({"phone": taken}, "belongs to an account that is no administrator's"),
        ({"phone": "12345"}, "not an Indonesian mobile number"),
        ({"phone": new_phone(), "password": "pendek"}, "8 to 72 bytes"),
    ):
        with pytest.raises(OperationError, match=why):
            await administrators.run(stack, **{**wanted, **changed})
