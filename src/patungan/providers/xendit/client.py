"""The Xendit API: invoices, refunds, payouts and the balance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, Protocol, Self, TypeVar
from urllib.parse import quote

import msgspec

from patungan.providers.errors import ProviderUnavailable
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, no_observer
from patungan.providers.xendit.invoices import Invoice, InvoiceRequest
from patungan.providers.xendit.payouts import Payout, PayoutRequest
from patungan.providers.xendit.refunds import Refund, RefundRequest
from patungan.providers.xendit.transactions import ListedTransaction

BASE_URL = "https://api.xendit.co"

MOST_LISTED = 50
"""Transactions of one page, at most."""


class _Numbered(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Numbered)


class _Page(msgspec.Struct, Generic[R], frozen=True):
    data: list[R]
    has_more: bool = False


class _Balance(msgspec.Struct, frozen=True):
    balance: int


class _ErrorBody(msgspec.Struct, frozen=True):
    error_code: str = ""
    message: str = ""
    error_message: str = ""


class Xendit:
    """One Xendit account, told by its secret key to be the test or the live one.

    Every method raises ProviderRefused, ProviderUnavailable or, where something may have changed, ProviderOutcomeUnknown.
    """

    def __init__(
        self,
        secret_key: str,
        pacing: Pacing,
        *,
        base_url: str = BASE_URL,
        for_user_id: str = "",
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._client = JsonClient(
            "xendit",
            base_url,
            pacing,
            read_fault=read_fault,
            auth=(secret_key, ""),
            headers={"for-user-id": for_user_id} if for_user_id else None,
            deadlines=deadlines,
            observe=observe,
        )

    @property
    def client(self) -> JsonClient:
        return self._client

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def create_invoice(self, request: InvoiceRequest) -> Invoice:
        """Open an invoice. Xendit knows no idempotency key here: after an unknown outcome look for the external id first."""
        return await self._client.send(
            Call(operation="create invoice", method="POST", path="/v2/invoices", effect=Effect.WRITE, json=request),
            Invoice,
        )

    async def get_invoice(self, invoice_id: str) -> Invoice:
        """One invoice by Xendit's id; refused with INVOICE_NOT_FOUND_ERROR when there is none."""
        return await self._client.send(_read("get invoice", f"/v2/invoices/{_segment(invoice_id)}"), Invoice)

    async def find_invoices(self, external_id: str) -> list[Invoice]:
        """The invoices that carry our id; Xendit does not keep it unique."""
        return await self._client.send(_read("find invoices", "/v2/invoices", external_id=external_id), list[Invoice])

    async def expire_invoice(self, invoice_id: str) -> Invoice:
        """Close an invoice to payment. A payment on its way may still win: look at the status of the answer."""
        path = f"/invoices/{_segment(invoice_id)}/expire!"
        return await self._client.send(
            Call(operation="expire invoice", method="POST", path=path, effect=Effect.WRITE), Invoice
        )

    async def create_refund(self, request: RefundRequest, *, idempotency_key: str) -> Refund:
        """Ask for money to go back to its source; the answer is PENDING, the end comes by callback."""
        return await self._client.send(_keyed("create refund", "/refunds", request, idempotency_key), Refund)

    async def get_refund(self, refund_id: str) -> Refund:
        """One refund by Xendit's id; refused with DATA_NOT_FOUND when there is none."""
        return await self._client.send(_read("get refund", f"/refunds/{_segment(refund_id)}"), Refund)

    async def list_refunds(self, invoice_id: str) -> list[Refund]:
        """All refunds of an invoice."""
        return await self._all_pages(_Page[Refund], "list refunds", "/refunds", invoice_id=invoice_id)

    async def create_payout(self, request: PayoutRequest, *, idempotency_key: str) -> Payout:
        """Send money to an account; the answer is ACCEPTED, the end comes by callback. The key is 100 characters at most."""
        return await self._client.send(_keyed("create payout", "/v2/payouts", request, idempotency_key), Payout)

    async def get_payout(self, payout_id: str) -> Payout:
        """One payout by Xendit's id; refused with DATA_NOT_FOUND when there is none."""
        return await self._client.send(_read("get payout", f"/v2/payouts/{_segment(payout_id)}"), Payout)

    async def find_payouts(self, reference_id: str) -> list[Payout]:
        """All payouts that carry our reference: what to ask after an unknown outcome."""
        return await self._all_pages(_Page[Payout], "find payouts", "/v2/payouts", reference_id=reference_id)

    async def get_balance(self, account_type: str = "CASH") -> int:
        """The balance of our account in rupiah."""
        call = _read("get balance", "/balance", account_type=account_type, currency="IDR")
        return (await self._client.send(call, _Balance)).balance

    async def list_transactions(self, created_from: datetime, created_to: datetime) -> list[ListedTransaction]:
        """Every transaction of the account that was made from a moment to another, both included, as the list shows them:
        a row that it shows twice is there twice."""
        query = {
            "created[gte]": created_from.astimezone(UTC).isoformat(),
            "created[lte]": created_to.astimezone(UTC).isoformat(),
            "limit": str(MOST_LISTED),
        }
        found: list[ListedTransaction] = []
        while True:
            call = _read("list transactions", "/transactions", **query)
            page = await self._client.send(call, _Page[ListedTransaction])
            found += page.data
            if not page.has_more or not page.data:
                return found
            if query.get("after_id") == page.data[-1].id:
                raise ProviderUnavailable("xendit", "list transactions", "its pages repeat themselves")
            query["after_id"] = page.data[-1].id

    async def _all_pages(self, page_type: type[_Page[R]], operation: str, path: str, **query: str) -> list[R]:
        found: dict[str, R] = {}
        while True:
            page = await self._client.send(_read(operation, path, **query), page_type)
            known = len(found)
            found.update((entry.id, entry) for entry in page.data)
            if not page.has_more:
                return list(found.values())
            if len(found) == known:
                raise ProviderUnavailable("xendit", operation, "its pages repeat themselves")
            query["after_id"] = page.data[-1].id


def read_fault(body: bytes) -> Fault:
    """Xendit's error body; one of its documents says ``error_message`` where the others say ``message``."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()
    return Fault(code=error.error_code, message=error.message or error.error_message)


def _read(operation: str, path: str, **query: str) -> Call:
    return Call(operation=operation, method="GET", path=path, effect=Effect.READ, query=query)


def _keyed(operation: str, path: str, request: object, key: str) -> Call:
    if not 1 <= len(key) <= 100:
        raise ValueError("an idempotency key has 1 to 100 characters")
    return Call(
        operation=operation,
        method="POST",
        path=path,
        effect=Effect.KEYED_WRITE,
        headers={"idempotency-key": key},
        json=request,
    )


def _segment(identifier: str) -> str:
    return quote(identifier, safe="")
