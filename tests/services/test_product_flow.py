"""From a customer to a product in the shop, in each of the three shapes that the services can run in."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.house import PASSWORD, House
from tests.shop import PICTURE, category, factory_input, product_input


async def _refreshed(house: House, refresh_token: str) -> dict[str, Any]:
    answer = await house.request("POST", "auth", "/api/auth/refresh", {"refresh_token": refresh_token})
    assert answer.status_code == 200
    tokens: dict[str, Any] = answer.json()
    return tokens


async def test_a_customer_opens_a_factory_and_sells(house: House) -> None:
    person, admin = await house.person(), await house.admin()
    factory = await person.post("factory", "/api/factories", factory_input())
    path = f"/api/factories/{factory['id']}"
    await admin.post("factory", f"{path}/verification", {"decision": "verified"})
    await admin.post("factory", f"{path}/status", {"status": "active"})
    signed_in = {"phone": person.phone, "password": PASSWORD}
    tokens = (await house.request("POST", "auth", "/api/auth/login", signed_in)).json()

    async def is_owner() -> bool:
        nonlocal tokens
        tokens = await _refreshed(house, tokens["refresh_token"])
        return str(tokens["role"]) == "factory_owner"

    await house.eventually(is_owner)
    signed = {"Authorization": f"Bearer {tokens['access_token']}"}
    given = product_input(factory["id"], (await category(house))["id"], slug="kemeja-alur")
    product = (
        await house.request(
            "POST", "product", "/api/products", given, headers={**signed, "Idempotency-Key": str(uuid4())}
        )
    ).json()
    product_path = f"/api/products/id/{product['id']}"
    sent = await house.client.post(
        house.url("product", f"{product_path}/images"),
        content=PICTURE.format("alur").encode(),
        headers={**signed, "Idempotency-Key": str(uuid4())},
    )
    assert sent.status_code == 201
    published = await house.request(
        "POST", "product", f"{product_path}/publish", headers={**signed, "Idempotency-Key": str(uuid4())}
    )
    assert (published.status_code, published.json()["status"]) == (200, "active")
    page = (await house.request("GET", "product", "/api/products/kemeja-alur")).json()
    assert page["factory"] == {
        "id": factory["id"],
        "name": factory["name"],
        "city": "Kota Pekalongan",
        "province": "Jawa Tengah",
    }
    await admin.post("factory", f"{path}/status", {"status": "suspended", "reason": "as the test says"})
    await house.request("DELETE", "product", product_path, headers={**signed, "Idempotency-Key": str(uuid4())})
    refused = await house.request(
        "POST", "product", f"{product_path}/publish", headers={**signed, "Idempotency-Key": str(uuid4())}
    )
    assert (refused.status_code, refused.json()["data"]) == (409, {"lacks": ["factory"]})
