"""Wallets, for tests: filled, held, withdrawn from, and the provider's callbacks of payouts."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from patungan.contracts import wallet as contract
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of, credit, debit, journal, post
from tests.house import House, Person

ACCOUNT = {"bank_code": "BCA", "account_number": "8410000101", "holder_name": "Sari Wijaya"}
FAILING = {**ACCOUNT, "account_number": "0000121212"}
"""The sandbox fails a payout to it with INVALID_DESTINATION."""
RETURNING = {**ACCOUNT, "account_number": "0000654321"}
"""A payout to it succeeds, and comes back."""
STAYING = {**ACCOUNT, "account_number": "0000131313"}
"""A payout to it stays where it is."""


async def fill(house: House, person: Person, amount: int) -> None:
    """Put money into a wallet, by a refund that payment owes and has booked as received."""
    ctx, refund_id = house.context("payment"), uuid4()
    lines = (debit(accounts.GATEWAY_CLEARING, amount), credit(accounts.REFUND_CLEARING, amount))
    async with ctx.db.transaction() as tx:
        await post(tx, ctx.chance, ctx.clock.now(), [journal(f"test/{refund_id}", "payment_received", "test", *lines)])
    request = contract.CreditRefund(
        refund_id=refund_id, refund_code="REF-20261123-ABCDEF", user_id=person.id, amount=Rupiah(amount)
    )
    await ctx.call(contract.credit_refund, request)


async def rich(house: House, amount: int) -> Person:
    """Somebody new with money."""
    person = await house.person()
    await fill(house, person, amount)
    return person


async def ask(person: Person, amount: int, account: dict[str, Any] | None = None, *, key: str | None = None) -> Any:
    """Request a withdrawal; answers the response."""
    body = {"amount": amount, "bank_account": account or ACCOUNT}
    return await person.request("POST", "wallet", "/api/withdrawals", body, key=key)


async def withdraw(person: Person, amount: int, account: dict[str, Any] | None = None) -> dict[str, Any]:
    """Request a withdrawal that is taken."""
    response = await ask(person, amount, account)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def run_batch(house: House, key: str = "") -> httpx.Response:
    """What a scheduler does."""
    headers = {"Authorization": f"Bearer {house.service_token('wallet')}", **({"Idempotency-Key": key} if key else {})}
    return await house.request("POST", "wallet", "/api/withdrawals/process-batch", headers=headers)


async def shown(person: Person, withdrawal: dict[str, Any]) -> dict[str, Any]:
    """The withdrawal as its owner sees it now."""
    seen: dict[str, Any] = await person.get("wallet", f"/api/withdrawals/{withdrawal['id']}")
    return seen


async def becomes(person: Person, withdrawal: dict[str, Any], status: str) -> dict[str, Any]:
    """Wait until the withdrawal has that status."""

    async def there() -> bool:
        return bool((await shown(person, withdrawal))["status"] == status)

    await person.house.eventually(there, seconds=30)
    return await shown(person, withdrawal)


async def balance(person: Person) -> int:
    return int((await person.get("wallet", "/api/wallet/balance"))["balance"])


async def entries(house: House, reference: str) -> dict[str, int]:
    """What a reference moved, by the kind of account; debits positive, what moved to and fro left out."""
    rows = await house.context("wallet").db.fetch("select * from ledger.entries_of($1)", reference)
    sums: dict[str, int] = {}
    for row in rows:
        kind = row["account"].split("/")[0]
        sums[kind] = sums.get(kind, 0) + row["amount"]
    return {kind: amount for kind, amount in sums.items() if amount}


async def on_books(house: House, account: accounts.Account) -> int:
    return int(await balance_of(house.context("wallet").db, account))


async def value(house: House, query: str, *args: Any) -> Any:
    """One value of wallet's own rows."""
    return (await house.context("wallet").db.fetchrow(query, *args))[0]


async def payouts(house: House, reference: str) -> list[dict[str, Any]]:
    """What the provider has under a reference."""
    answer = await house.client.get(
        f"{house.sandbox_url}/xendit/v2/payouts",
        params={"reference_id": reference},
        auth=(house.environment["XENDIT_SECRET_KEY"], ""),
    )
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def faults(house: House, *rules: dict[str, Any]) -> None:
    """Lay down these rules at the sandbox and no others."""
    response = await house.client.put(f"{house.sandbox_url}/_sandbox/faults", json={"faults": rules})
    assert response.status_code == 200, response.text


def payout_callback(
    withdrawal: dict[str, Any], status: str, payout_id: str = "disb-1", *, reference: str = "", **other: Any
) -> dict[str, Any]:
    """A callback as Xendit sends it for a payout."""
    data = {
        "id": payout_id,
        "reference_id": reference or withdrawal["code"],
        "channel_code": "ID_BCA",
        "channel_properties": {"account_number": "8410000101", "account_holder_name": "Sari Wijaya"},
        "amount": withdrawal["net_amount"],
        "currency": "IDR",
        "status": status,
        **({"failure_code": "INVALID_DESTINATION"} if status == "FAILED" else {}),
        **other,
    }
    return {"event": f"payout.{status.lower()}", "business_id": "5f0", "created": "2026-11-24T03:00:00Z", "data": data}


async def tell(
    house: House,
    body: dict[str, Any] | bytes,
    *,
    token: str | None = "",
    webhook_id: str | None = None,
    hmac_secret: str = "",
) -> httpx.Response:
    """Post a callback; with the right token unless another, or None, is given."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["x-callback-token"] = token or house.environment["XENDIT_WEBHOOK_VERIFICATION_TOKEN"]
    if webhook_id is not None:
        headers["webhook-id"] = webhook_id
    if hmac_secret:
        headers["x-callback-signature"] = hmac.new(hmac_secret.encode(), raw, hashlib.sha256).hexdigest()
    return await house.client.post(house.url("wallet", "/api/webhooks/disbursement"), content=raw, headers=headers)


async def outcome(house: House, response: httpx.Response) -> str:
    """What came of a callback, once it is worked off."""
    assert response.status_code == 200, response.text
    event_id = UUID(response.json()["event_id"])

    async def done() -> bool:
        return await value(house, "select outcome from wallet.webhook_events where id = $1", event_id) is not None

    await house.eventually(done)
    return str(await value(house, "select outcome from wallet.webhook_events where id = $1", event_id))
