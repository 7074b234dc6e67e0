"""Bank accounts: checked by the rules of the bank and of the provider's channel, sealed, and shown by their last digits."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import wallet as contract
from patungan.kernel.banks import BankCode
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context
from patungan.kernel.vault import Vault, vault_of
from patungan.providers.xendit import InvalidAccountNumber, payout_account_number
from patungan.services.wallet.queries import accounts as queries
from patungan.services.wallet.queries.accounts import BankAccountRow

MOST_ACCOUNTS = 10


class BankAccount(msgspec.Struct, frozen=True):
    """An account in the clear, only on its way between the request, the vault and the provider."""

    bank_code: BankCode
    account_number: str
    holder_name: str

    @property
    def last4(self) -> str:
        return self.account_number[-4:]


def vault(ctx: Context) -> Vault:
    """The vault of bank data."""
    return vault_of(ctx, "wallet bank accounts")


def checked(bank_code: BankCode, account_number: str, holder_name: str) -> BankAccount:
    """The account as the provider takes it; raises AccountNumberInvalid, and InvalidInput for a name."""
    try:
        number = payout_account_number(bank_code, account_number)
    except InvalidAccountNumber as error:
        raise contract.AccountNumberInvalid(str(error), field="account_number") from None
    name = " ".join(holder_name.split())
    if sum(letter.isalpha() for letter in name) < 3:
        raise InvalidInput("The holder's name has three letters at least", field="holder_name")
    return BankAccount(bank_code, number, name)


async def save(ctx: Context, tx: Transaction, user_id: UUID, account: BankAccount) -> BankAccountRow:
    """Keep an account for later; the same number again is the same account, under its latest name.

    Raises TooManyBankAccounts.
    """
    await queries.lock_owner(tx, user_id)
    mark = vault(ctx).fingerprint(account.account_number, user_id)
    known = await queries.find_same(tx, user_id, account.bank_code, mark)
    if known is not None:
        return await queries.rename_account(tx, known.id, account.holder_name)
    if await queries.count_accounts(tx, user_id) >= MOST_ACCOUNTS:
        raise contract.TooManyBankAccounts()
    account_id = ctx.chance.new_id()
    sealed = vault(ctx).seal(account.account_number, account_id)
    return await queries.insert_account(
        tx, account_id, user_id, account.bank_code, sealed, mark, account.last4, account.holder_name, ctx.clock.now()
    )


async def find(ctx: Context, tx: Transaction, user_id: UUID, account_id: UUID | None) -> BankAccount:
    """A saved account of one's own; raises BankAccountNotFound."""
    row = await queries.find_sealed(tx, account_id, user_id)
    if row is None:
        raise contract.BankAccountNotFound(field="bank_account_id")
    return BankAccount(row.bank_code, vault(ctx).open(row.number_sealed, row.id), row.holder_name)


async def forget(ctx: Context, user_id: UUID, account_id: UUID) -> None:
    """Delete a saved account; withdrawals keep their own copy. Raises BankAccountNotFound."""
    if not await queries.delete_account(ctx.db, account_id, user_id, ctx.clock.now()):
        raise contract.BankAccountNotFound()
