"""Auth through its public API: codes, accounts, tokens, and everything that must be refused."""

from __future__ import annotations

import asyncio

from tests.house import House


async def _code_sent_to(house: House, phone: str, channel: str = "whatsapp") -> str:
    async def look() -> list[dict[str, object]]:
        response = await house.client.get(
            f"{house.sandbox_url}/_sandbox/messages", params={"phone": phone, "channel": channel}
        )
        found: list[dict[str, object]] = response.json()["messages"]
        return found

    async def arrived() -> bool:
        return bool(await look())

    await house.eventually(arrived)
    message = (await look())[0]
    return next(word for word in str(message["text"]).replace(",", " ").split() if word.isdigit() and len(word) == 6)


async def test_health_is_exactly_what_the_guide_says(one_house: House) -> None:
    response = await one_house.request("GET", "auth", "/health")
    assert response.json() == {"status": "ok", "service": "auth-service"}
    assert (await one_house.request("GET", "auth", "/ready")).status_code == 200
    await asyncio.sleep(0)


async def test_nobody_gets_in_without_a_token(one_house: House) -> None:
    response = await one_house.request("GET", "auth", "/api/auth/me")
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "unauthenticated"


async def test_me_with_and_without_the_stripped_prefix(one_house: House) -> None:
    person = await one_house.person()
    for path in ("/api/auth/me", "/api/me"):
        assert (await person.get("auth", path))["phone"] == person.phone


async def test_a_malformed_body_names_the_field(one_house: House) -> None:
    response = await one_house.request("POST", "auth", "/api/auth/login", {"phone": "08123", "password": 5})
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (
        400,
        "invalid_input",
        "password",
    )
    response = await one_house.request(
        "POST", "auth", "/api/auth/login", {"phone": "08123", "password": "x", "role": "admin"}
    )
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")
    response = await one_house.request("GET", "auth", "/api/auth/nowhere")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    response = await one_house.request("DELETE", "auth", "/api/auth/me")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


async def test_internal_operations_are_for_service_tokens_only(one_house: House) -> None:
    path = one_house.url("auth", "/internal/get-users")
    assert (await one_house.client.post(path, json={"user_ids": []})).status_code == 401
    admin = await one_house.admin()
    headers = {"Authorization": f"Bearer {one_house.token(admin.caller)}"}
    assert (await one_house.client.post(path, json={"user_ids": []}, headers=headers)).status_code == 401
    headers = {"Authorization": f"Bearer {one_house.service_token('auth')}"}
    response = await one_house.client.post(path, json={"user_ids": [str(admin.id)]}, headers=headers)
    assert response.status_code == 200
    assert response.json()["users"][0]["role"] == "admin"
    headers = {"Authorization": f"Bearer {one_house.service_token('wallet')}"}
    assert (await one_house.client.post(path, json={"user_ids": []}, headers=headers)).status_code == 401
