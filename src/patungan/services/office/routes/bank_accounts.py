"""Where an office is paid: set and seen by its manager and administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody

from patungan.kernel.banks import BankCode
from patungan.kernel.http import Ctx, IdempotencyKey, Input, SignedIn, get, put
from patungan.services.office.operations import bank_accounts
from patungan.services.office.operations.bank_accounts import BankAccount
from patungan.services.office.queries.bank_accounts import BankAccountRow
from patungan.services.office.routes.offices import STAFF_AND_ADMIN


class BankAccountInput(Input, frozen=True):
    bank_code: BankCode
    account_number: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8,20}$")]
    account_name: Annotated[str, msgspec.Meta(min_length=3, max_length=100, pattern=r"^\S(.*\S)?$")]


class OfficeBankAccount(msgspec.Struct, frozen=True):
    """None where the office has given none."""

    account: BankAccountRow | None


@get("/api/offices/{office_id:uuid}/bank-account", audience=STAFF_AND_ADMIN)
async def show_bank_account(ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID]) -> OfficeBankAccount:
    return OfficeBankAccount(await bank_accounts.account_of(ctx, caller, office_id))


@put("/api/offices/{office_id:uuid}/bank-account", audience=STAFF_AND_ADMIN)
async def set_bank_account(
    ctx: Ctx,
    caller: SignedIn,
    office_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[BankAccountInput],
) -> OfficeBankAccount:
    account = BankAccount(data.bank_code, data.account_number, data.account_name)
    return OfficeBankAccount(await bank_accounts.set_account(ctx, caller, office_id, account, idempotency_key))


bank_account_routes = [show_bank_account, set_bank_account]
