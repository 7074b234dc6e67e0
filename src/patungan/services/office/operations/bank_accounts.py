"""Where offices are paid their share: checked by the rules of the bank, sealed, and shown by the last digits."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import office as contract
from patungan.kernel.banks import BankCode
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context, implements
from patungan.kernel.vault import Vault, vault_of
from patungan.providers.xendit import InvalidAccountNumber, payout_account_number
from patungan.services.office.operations.access import locked_office, office_led
from patungan.services.office.queries import bank_accounts as queries
from patungan.services.office.queries import offices as office_queries
from patungan.services.office.queries.bank_accounts import BankAccountRow


class BankAccount(msgspec.Struct, frozen=True):
    """An account in the clear, only on its way from the request to the vault."""

    bank_code: BankCode
    account_number: str
    account_name: str


class _AccountOf(msgspec.Struct, frozen=True):
    office_id: UUID
    account: BankAccount


def _vault(ctx: Context) -> Vault:
    return vault_of(ctx, "office bank accounts")


async def set_account(ctx: Context, caller: Caller, office_id: UUID, account: BankAccount, key: str) -> BankAccountRow:
    """Say where an office is paid from now on; raises OfficeNotFound, Forbidden, and InvalidInput for a number that is none
    of the bank's."""
    await office_led(ctx, caller, office_id)
    try:
        number = payout_account_number(account.bank_code, account.account_number)
    except InvalidAccountNumber as error:
        raise InvalidInput(str(error), field="account_number") from None

    async def work(tx: Transaction) -> BankAccountRow:
        await locked_office(tx, office_id)
        now, before = ctx.clock.now(), await queries.find_account(tx, office_id)
        sealed = _vault(ctx).seal(number, office_id)
        stored = await queries.put_account(
            tx, office_id, account.bank_code, account.account_name, sealed, number[-4:], caller.user_id, now
        )
        told = (None if before is None else _shown(before), _shown(stored))
        await office_queries.write_history(tx, office_id, now, caller.user_id, "bank", *told, "changed")
        return stored

    request = _AccountOf(office_id, account)
    return await once(
        ctx.db, caller.user_id, "office-bank-account", key, request, ctx.clock.now(), BankAccountRow, work
    )


def _shown(account: BankAccountRow) -> str:
    return f"{account.bank_code} ****{account.account_last4}"


async def account_of(ctx: Context, caller: Caller, office_id: UUID) -> BankAccountRow | None:
    """Where an office is paid, for its manager and administrators; raises OfficeNotFound, Forbidden."""
    await office_led(ctx, caller, office_id)
    return await queries.find_account(ctx.db, office_id)


@implements(contract.get_bank_accounts)
async def get_bank_accounts(ctx: Context, request: contract.GetOffices) -> contract.BankAccounts:
    vault = _vault(ctx)
    return contract.BankAccounts(
        accounts=[
            contract.BankAccount(
                office_id=each.office_id,
                bank_code=each.bank_code,
                account_number=vault.open(each.sealed, each.office_id),
                account_name=each.account_name,
            )
            for each in await queries.find_sealed(ctx.db, request.office_ids)
        ]
    )
