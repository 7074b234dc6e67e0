"""Who is paid: their names, their bank accounts, and whose settlements a caller may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from patungan.contracts import factory, office, seller
from patungan.contracts import settlement as contract
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.service import Context
from patungan.kernel.vault import Vault, vault_of
from patungan.providers.xendit import InvalidAccountNumber, UnknownChannel, payout_account_number, payout_channel
from patungan.services.settlement.queries import lines
from patungan.services.settlement.rules import PayeeKind

READERS = (Audience.FINANCE, Audience.ADMIN, Audience.FACTORY_OWNER, Audience.SELLER, Audience.AGENT)
FINANCE = (Audience.FINANCE, Audience.ADMIN)

MISSING_ACCOUNT = "missing_bank_account"
"""Why a settlement is on hold of a payee who has no account that can be paid to."""


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account in the clear, only on its way from its owner's service to the vault."""

    bank_code: str
    channel_code: str
    number: str = field(repr=False)
    holder_name: str = field(repr=False)

    @property
    def last4(self) -> str:
        return self.number[-4:]


def vault(ctx: Context) -> Vault:
    """The vault of bank data."""
    return vault_of(ctx, "settlement bank accounts")


async def name_of(ctx: Context, kind: PayeeKind, payee_id: UUID) -> str:
    """What the payee is called; its id where nobody knows it by another name."""
    return await _known_name(ctx, kind, payee_id) or str(payee_id)


async def _known_name(ctx: Context, kind: PayeeKind, payee_id: UUID) -> str | None:
    """What the payee's own service calls it; None where that does not know it."""
    match kind:
        case PayeeKind.FACTORY:
            found = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[payee_id]))
            return next((each.name for each in found.factories), None)
        case PayeeKind.SELLER:
            stores = await ctx.call(seller.get_sellers, seller.GetSellers(seller_ids=[payee_id]))
            return next((each.name for each in stores.sellers), None)
        case PayeeKind.OFFICE:
            offices = await ctx.call(office.get_offices, office.GetOffices(office_ids=[payee_id]))
            return next((each.name for each in offices.offices), None)


async def _known_account(
    ctx: Context, kind: PayeeKind, payee_id: UUID
) -> factory.BankAccount | seller.BankAccount | office.BankAccount | None:
    if kind is PayeeKind.SELLER:
        found = await ctx.call(seller.get_bank_accounts, seller.GetSellers(seller_ids=[payee_id]))
        return found.accounts[0] if found.accounts else None
    if kind is PayeeKind.OFFICE:
        of_office = await ctx.call(office.get_bank_accounts, office.GetOffices(office_ids=[payee_id]))
        return of_office.accounts[0] if of_office.accounts else None
    try:
        return (await ctx.call(factory.get_bank_account, factory.GetBankAccount(factory_id=payee_id))).account
    except factory.FactoryNotFound:
        return None


async def bank_account_of(ctx: Context, kind: PayeeKind, payee_id: UUID) -> Account | None:
    """Where the payee is paid; None where no account is known that the provider pays to."""
    known = await _known_account(ctx, kind, payee_id)
    if known is None:
        return None
    try:
        number = payout_account_number(known.bank_code, known.account_number)
        return Account(known.bank_code, payout_channel(known.bank_code), number, known.account_name)
    except (InvalidAccountNumber, UnknownChannel) as error:
        ctx.log.warning("a payee's account cannot be paid to", payee=str(payee_id), reason=type(error).__name__)
        return None


def sees_all(caller: Caller) -> bool:
    return any(caller.belongs_to(each) for each in FINANCE)


async def visible_to(ctx: Context, caller: Caller) -> tuple[PayeeKind, list[UUID]] | None:
    """The payees whose settlements a person may see: own factories, the own store, or the offices that they manage. None
    for finance and administrators, who see all."""
    if sees_all(caller):
        return None
    if caller.belongs_to(Audience.SELLER):
        store = await ctx.call(seller.get_owned_seller, seller.GetOwnedSeller(user_id=caller.user_id))
        return PayeeKind.SELLER, [each.id for each in store.sellers]
    if caller.belongs_to(Audience.AGENT):
        managed = await ctx.call(office.get_managed_offices, office.GetManagedOffices(manager_id=caller.user_id))
        return PayeeKind.OFFICE, [each.id for each in managed.offices]
    owned = await ctx.call(factory.get_owned_factories, factory.GetOwnedFactories(owner_id=caller.user_id))
    return PayeeKind.FACTORY, [each.id for each in owned.factories]


async def require_payee(ctx: Context, caller: Caller, kind: PayeeKind, payee_id: UUID) -> None:
    """Raises PayeeNotFound unless the payee exists and is the caller's, or all are open to them."""
    seen = await visible_to(ctx, caller)
    if seen is None:
        await require_known(ctx, kind, payee_id)
    elif kind is not seen[0] or payee_id not in seen[1]:
        raise contract.PayeeNotFound(field="payee_id")


async def require_known(ctx: Context, kind: PayeeKind, payee_id: UUID) -> None:
    """Raises PayeeNotFound for one that neither its own service nor our lines know."""
    known = await _known_name(ctx, kind, payee_id) is not None
    # A factory is always known to its own service.
    if not known and kind is not PayeeKind.FACTORY:
        known = await lines.payee_is_known(ctx.db, kind, payee_id)
    if not known:
        raise contract.PayeeNotFound(field="payee_id")
