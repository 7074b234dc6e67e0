"""Payouts v2: accepted, requested, then succeeded, failed or reversed, as Xendit's test-mode account numbers ask for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from patungan.sandbox.clock import iso
from patungan.sandbox.context import Sandbox
from patungan.sandbox.xendit import books, channels, idempotency
from patungan.sandbox.xendit.errors import XenditError, invalid, whole_rupiah

SCHEMA: Final = """
create table if not exists payouts (
    id text primary key,
    reference_id text not null,
    channel_code text not null,
    account_number text not null,
    amount integer not null check (amount > 0),
    status text not null check (status in ('ACCEPTED', 'REQUESTED', 'SUCCEEDED', 'FAILED', 'REVERSED', 'CANCELLED')),
    failure_code text,
    request text not null,
    due integer,
    created integer not null,
    updated integer not null
) strict;
create index if not exists payouts_reference on payouts (reference_id);
create index if not exists payouts_created on payouts (created);
create index if not exists payouts_due on payouts (due) where due is not null;
"""

SCOPE: Final = "payout"
CONFLICT: Final = "DUPLICATE_ERROR"
LONGEST_KEY: Final = 100
BI_FAST_SECONDS: Final = 15 * 60
RTGS_SECONDS: Final = 2 * 3600


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a test-mode account number makes of a bank payout."""

    failure_code: str | None = None
    stays_accepted: bool = False
    reversed_later: bool = False


TRIGGERS: Final = {
    "131313": Trigger(stays_accepted=True),
    "123456": Trigger(failure_code="TEMPORARY_TRANSFER_ERROR"),
    "999999": Trigger(failure_code="REJECTED_BY_CHANNEL"),
    "121212": Trigger(failure_code="INVALID_DESTINATION"),
    "654321": Trigger(reversed_later=True),
}


class ChannelProperties(msgspec.Struct, omit_defaults=True):
    account_number: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    account_holder_name: str | None = None
    account_type: Literal["NATIONAL_ID", "MOBILE_NO", "PASSPORT", "BUSINESS_REGISTRATION", "BANK_ACCOUNT"] | None = None


Mails = Annotated[list[str], msgspec.Meta(max_length=3)]


class ReceiptNotification(msgspec.Struct, omit_defaults=True):
    email_to: Mails | None = None
    email_cc: Mails | None = None
    email_bcc: Mails | None = None


class CreatePayout(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The request; every field is repeated in the answer."""

    reference_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    channel_code: str
    channel_properties: ChannelProperties
    amount: Annotated[float, msgspec.Meta(gt=0)]
    currency: str
    description: str | None = None
    receipt_notification: ReceiptNotification | None = None
    metadata: Annotated[dict[str, object], msgspec.Meta(max_length=50)] | None = None


class Payout(msgspec.Struct, kw_only=True):
    """A payout as stored; ``due`` is when its next step comes, None when there is none."""

    id: str
    reference_id: str
    channel_code: str
    account_number: str
    amount: int
    status: Literal["ACCEPTED", "REQUESTED", "SUCCEEDED", "FAILED", "REVERSED", "CANCELLED"]
    failure_code: str | None
    request: str
    due: int | None
    created: int
    updated: int

    @property
    def trigger(self) -> Trigger:
        """Wallets have no test numbers: every well-formed wallet payout succeeds."""
        if channels.PAYOUT_CHANNELS[self.channel_code].channel_category != "BANK":
            return Trigger()
        # Zeros in front make a test number as long as a bank's accounts are: 0000123456 is 123456.
        return TRIGGERS.get(self.account_number.lstrip("0"), Trigger())


def create(sandbox: Sandbox, request: CreatePayout, key: str | None) -> Payout:
    """Accept a payout; too little money is no error here but fails it later. Raises XenditError for a bad request."""
    if not key or len(key) > LONGEST_KEY:
        raise invalid("Idempotency-key", f"The header Idempotency-key is required, up to {LONGEST_KEY} characters")
    digest = idempotency.fingerprint(request)
    if (known := idempotency.earlier(sandbox, SCOPE, key, digest, CONFLICT)) is not None:
        return find(sandbox, known)
    amount = _checked_amount(request)
    now = sandbox.now()
    payout_id = f"disb-{uuid.uuid4()}"
    with sandbox.store.transaction():
        sandbox.store.execute(
            "insert into payouts (id, reference_id, channel_code, account_number, amount, status, request, due, created,"
            " updated) values (?, ?, ?, ?, ?, 'ACCEPTED', ?, ?, ?, ?)",
            *(payout_id, request.reference_id, request.channel_code, request.channel_properties.account_number),
            *(amount, msgspec.json.encode(request).decode(), _after(sandbox, sandbox.settings.payout_delay), now, now),
        )
        idempotency.remember(sandbox, SCOPE, key, digest, payout_id)
        payout = find(sandbox, payout_id)
        if payout.trigger.stays_accepted:
            sandbox.store.execute("update payouts set due = null where id = ?", payout_id)
    return payout


def _checked_amount(request: CreatePayout) -> int:
    channel = channels.PAYOUT_CHANNELS.get(request.channel_code)
    if channel is None:
        raise XenditError(400, "CHANNEL_CODE_NOT_SUPPORTED", f"The channel {request.channel_code} is not supported")
    if request.currency != channel.currency:
        raise invalid("currency", f"currency must be {channel.currency} for {request.channel_code}")
    amount = whole_rupiah("amount", request.amount)
    limits = channel.amount_limits
    if amount < limits.minimum:
        raise XenditError(400, "MINIMUM_TRANSFER_LIMIT_ERROR", f"Amount must be at least {limits.minimum}")
    if amount > limits.maximum:
        raise XenditError(400, "MAXIMUM_TRANSFER_LIMIT_ERROR", f"Amount must be at most {limits.maximum}")
    return amount


def _after(sandbox: Sandbox, seconds: float) -> int:
    return sandbox.now() + round(seconds * 1000)


def find(sandbox: Sandbox, payout_id: str) -> Payout:
    """Read a payout; raises 404 DATA_NOT_FOUND."""
    payout = sandbox.store.one(Payout, "select * from payouts where id = ?", payout_id)
    if payout is None:
        raise XenditError(404, "DATA_NOT_FOUND", "Could not find the payout")
    return payout


def _position(sandbox: Sandbox, payout_id: str | None) -> tuple[int | None, str | None]:
    if payout_id is None:
        return None, None
    payout = find(sandbox, payout_id)
    return payout.created, payout.id


def search(
    sandbox: Sandbox,
    *,
    reference_id: str | None = None,
    after_id: str | None = None,
    before_id: str | None = None,
    limit: int = 10,
) -> tuple[list[Payout], bool]:
    """Payouts newest first, and whether there are more; ``after_id`` goes on to older ones, ``before_id`` back."""
    direction = "asc" if before_id else "desc"
    rows = sandbox.store.all(
        Payout,
        "select * from payouts where (?1 is null or reference_id = ?1)"
        " and (?2 is null or (created, id) < (?2, ?3)) and (?4 is null or (created, id) > (?4, ?5))"
        f" order by created {direction}, id {direction} limit ?6",
        reference_id,
        *_position(sandbox, after_id),
        *_position(sandbox, before_id),
        limit + 1,
    )
    shown = rows[:limit]
    return shown[::-1] if before_id else shown, len(rows) > limit


def cancel(sandbox: Sandbox, payout_id: str) -> Payout:
    """Stop a payout that is still ACCEPTED; raises 400 API_VALIDATION_ERROR for any other."""
    payout = find(sandbox, payout_id)
    if payout.status != "ACCEPTED":
        raise invalid("status", f"The payout is {payout.status} and can not be cancelled")
    return _move(sandbox, payout, "CANCELLED")


def advance_due(sandbox: Sandbox, limit: int = 200) -> int:
    """Take the payouts whose time has come one step on, in one transaction; returns how many."""
    due = sandbox.store.all(Payout, "select * from payouts where due <= ? order by due limit ?", sandbox.now(), limit)
    if due:
        with sandbox.store.transaction():
            for payout in due:
                _advance(sandbox, payout)
    return len(due)


def _advance(sandbox: Sandbox, payout: Payout) -> None:
    settings = sandbox.settings
    match payout.status:
        case "ACCEPTED" if payout.amount > books.balance(sandbox):
            _announce(sandbox, _move(sandbox, payout, "FAILED", failure_code="INSUFFICIENT_BALANCE"))
        case "ACCEPTED":
            books.record(*(sandbox, "payout", payout.id, payout.amount, "REQUESTED"), reference_id=payout.reference_id)
            _move(sandbox, payout, "REQUESTED", next_after=settings.payout_delay)
        case "REQUESTED":
            _settle(sandbox, payout)
        case "SUCCEEDED":
            books.record(
                *(sandbox, "payout_reversal", payout.id, payout.amount, "SUCCEEDED"),
                reference_id=payout.reference_id,
                movement_id=f"{payout.id}-reversal",
            )
            _announce(sandbox, _move(sandbox, payout, "REVERSED"))
        case _:
            _move(sandbox, payout, payout.status)


def _settle(sandbox: Sandbox, payout: Payout) -> None:
    """Let the bank decide, after asking the fault desk for ``settle_payout``."""
    failure_code = payout.trigger.failure_code
    for fault in sandbox.faults.take("xendit", "settle_payout"):
        if fault.action == "delay":
            _move(sandbox, payout, payout.status, next_after=fault.seconds)
            return
        if fault.action == "fail":
            failure_code = fault.error_code or "TRANSFER_ERROR"
    if failure_code is not None:
        books.conclude(sandbox, payout.id, "FAILED")
        _announce(sandbox, _move(sandbox, payout, "FAILED", failure_code=failure_code))
        return
    books.conclude(sandbox, payout.id, "SUCCEEDED")
    if sandbox.settings.fee_payout:
        books.record(
            *(sandbox, "payout_fee", payout.id, sandbox.settings.fee_payout, "SUCCEEDED"),
            reference_id=payout.reference_id,
            movement_id=f"{payout.id}-fee",
        )
    reversal = sandbox.settings.payout_reversal_delay if payout.trigger.reversed_later else None
    _announce(sandbox, _move(sandbox, payout, "SUCCEEDED", next_after=reversal))


def _move(
    sandbox: Sandbox, payout: Payout, status: str, *, failure_code: str | None = None, next_after: float | None = None
) -> Payout:
    due = None if next_after is None else _after(sandbox, next_after)
    sandbox.store.execute(
        "update payouts set status = ?, failure_code = ?, due = ?, updated = ? where id = ?",
        *(status, failure_code, due, sandbox.now(), payout.id),
    )
    return find(sandbox, payout.id)


def _announce(sandbox: Sandbox, payout: Payout) -> None:
    event = f"payout.{payout.status.lower()}"
    body = {
        "event": event,
        "business_id": sandbox.settings.xendit_business_id,
        "created": iso(payout.updated),
        "data": rendered(sandbox, payout),
    }
    url = sandbox.settings.disbursement_callback_url
    sandbox.outbox.enqueue("xendit", event, payout.id, url, msgspec.json.encode(body))


def rendered(sandbox: Sandbox, payout: Payout) -> dict[str, object]:
    """The payout as the API answers it and the callback carries it."""
    request: dict[str, object] = msgspec.json.decode(payout.request)
    arrival = BI_FAST_SECONDS if payout.amount <= channels.BI_FAST_LIMIT else RTGS_SECONDS
    own: dict[str, object] = {
        "id": payout.id,
        "amount": payout.amount,
        "business_id": sandbox.settings.xendit_business_id,
        "status": payout.status,
        "estimated_arrival_time": iso(payout.created + arrival * 1000),
        "created": iso(payout.created),
        "updated": iso(payout.updated),
    }
    if payout.failure_code is not None:
        own["failure_code"] = payout.failure_code
    return request | own
