"""Where the provider charges for payouts: its fee is our expense, and the books equal the provider's."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from patungan.contracts import wallet as contract
from patungan.kernel.identity import Caller, Role, sign_access_token
from patungan.kernel.money import Rupiah
from patungan.ledger.accounts import GATEWAY_EXPENSE
from patungan.ledger.posting import balance_of
from patungan.operations.audit.payments import PREPARED
from patungan.operations.audit.provider import ProviderBooks, compare
from patungan.services.wallet.operations import batches, credits, webhooks
from tests.alone import alone
from tests.house import Servers
from tests.purse import ACCOUNT

KEY, TOKEN, FEE = "xnd_development_fees", "t" * 48, 2_500


async def test_the_fee_of_a_payout_is_our_expense(servers: Servers, template: str) -> None:
    settings = {
        "XENDIT_SECRET_KEY": KEY,
        "XENDIT_WEBHOOK_VERIFICATION_TOKEN": TOKEN,
        "XENDIT_WEBHOOK_HMAC_SECRET": "relay",
        "PAYOUT_FEE": str(FEE),
    }
    sandbox = {
        "xendit_secret_key": KEY,
        "xendit_webhook_token": TOKEN,
        "xendit_webhook_hmac_secret": "relay",
        "fee_payout": FEE,
        "payout_delay": 0.01,
        "disbursement_callback_url": "{service}/api/webhooks/disbursement",
    }
    async with alone("wallet", servers, template, settings, sandbox, {"XENDIT_API_URL": "/xendit"}) as house:
        ctx, user_id = house.context, uuid4()
        await credits.credit_refund(
            ctx,
            contract.CreditRefund(
                refund_id=uuid4(), refund_code="REF-20261123-ABCDEF", user_id=user_id, amount=Rupiah(100_000)
            ),
        )
        token = sign_access_token(ctx.settings.jwt_secret, Caller(user_id, Role.CUSTOMER), house.clock.now())
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
        body = {"amount": 100_000, "bank_account": ACCOUNT}
        made = await house.client.post(f"{house.url}/api/withdrawals", json=body, headers=headers)
        assert made.status_code == 201, made.text
        batch = await batches.open_batch(ctx, "fees", "request", house.clock.now())
        assert await batches.claim(ctx, batch.id, batch.cut_at) == 1
        assert await batches.send_some(ctx, batch.id) == 1
        async with asyncio.timeout(30):
            while not await webhooks.work_off(ctx):
                await asyncio.sleep(0.05)
        own = await house.client.get(f"{house.url}/api/withdrawals/{made.json()['id']}", headers=headers)
        assert own.json()["status"] == "completed"
        assert await balance_of(ctx.db, GATEWAY_EXPENSE) == FEE
        unsigned = {"x-callback-token": TOKEN, "content-type": "application/json"}
        for signature in ({}, {"x-callback-signature": "0" * 64}):
            refused = await house.client.post(
                f"{house.url}/api/webhooks/disbursement", json={"event": "x"}, headers={**unsigned, **signature}
            )
            assert refused.status_code == 401
        theirs = [each async for each in ProviderBooks(f"{house.sandbox_url}/xendit", KEY).movements()]
        assert sorted((each.kind, each.amount, each.status) for each in theirs) == [
            ("payout", 97_500, "SUCCEEDED"), ("payout_fee", FEE, "SUCCEEDED"),
        ]  # fmt: skip
        owner = await house.owner()
        try:
            async with owner.transaction():
                await owner.execute(PREPARED)
                finding = await compare(owner, theirs)
        finally:
            await owner.close()
        assert finding.offences == []
