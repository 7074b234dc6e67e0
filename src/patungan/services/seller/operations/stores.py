"""Stores: registered, changed by their owners, verified and activated by administrators."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import msgspec

from patungan.contracts import auth
from patungan.contracts import seller as contract
from patungan.kernel.banks import BankCode
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Forbidden, InvalidInput
from patungan.kernel.identity import Caller, Role
from patungan.kernel.phones import normalise_phone
from patungan.kernel.service import Context, implements
from patungan.kernel.vault import Vault, vault_of
from patungan.kernel.workflows import start
from patungan.services.seller import rules
from patungan.services.seller.processes import WelcomeSeller, welcome_seller
from patungan.services.seller.queries import sellers as queries
from patungan.services.seller.queries.sellers import SellerRow
from patungan.services.seller.rules import (
    Decision,
    SellerStatus,
    SellerType,
    Verdict,
    VerificationStatus,
    missing_documents,
)

SHORTEST_SLUG = 3


class Bank(msgspec.Struct, frozen=True):
    """Where a store is paid; the number is 8 to 20 digits and stays encrypted at rest."""

    code: BankCode
    account_number: str
    account_name: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner says of a store. ``phone`` None: the owner's own; ``slug`` None: made from the name."""

    name: str
    line: str
    district: str
    city: str
    province: str
    postal_code: str
    type: SellerType = SellerType.INDIVIDUAL
    slug: str | None = None
    description: str = ""
    nib: str | None = None
    npwp: str | None = None
    licence_url: str | None = None
    logo_url: str | None = None
    phone: str | None = None
    email: str | None = None


def _vault(ctx: Context) -> Vault:
    return vault_of(ctx, "seller bank accounts")


def _phone_of(text: str) -> str:
    phone = normalise_phone(text)
    if phone is None:
        raise auth.PhoneInvalid(field="phone")
    return phone


def _taken(error: asyncpg.UniqueViolationError) -> contract.StoreExists | contract.StoreSlugTaken | InvalidInput:
    """What a unique index says, in words of the contract."""
    match error.constraint_name:
        case "sellers_slug_key":
            return contract.StoreSlugTaken(field="slug")
        case "sellers_nib_key":
            return InvalidInput("A store with this business number exists already", field="nib")
        case _:
            return contract.StoreExists()


async def register(ctx: Context, caller: Caller, profile: Profile, bank: Bank | None) -> SellerRow:
    """Register a store; its owner becomes a seller. Raises StoreExists, StoreSlugTaken, PhoneInvalid, Forbidden for other
    kinds of account."""
    if caller.role not in (Role.CUSTOMER, Role.SELLER):
        raise Forbidden("This account is of another kind; register the store with an account of its own")
    phone = None if profile.phone is None else _phone_of(profile.phone)
    slug = profile.slug or rules.slug_of(profile.name)
    if len(slug) < SHORTEST_SLUG:
        raise InvalidInput("Give the store an address of its own", field="slug")
    owners = (await ctx.call(auth.get_users, auth.GetUsers(user_ids=[caller.user_id]))).users
    if not owners:
        raise auth.UnknownUser()
    complete = not missing_documents(profile.type, profile.nib, profile.npwp, profile.licence_url)
    verification = VerificationStatus.PENDING if complete else VerificationStatus.UNVERIFIED
    seller_id, now = ctx.chance.new_id(), ctx.clock.now()
    try:
        async with ctx.db.transaction() as tx:
            await queries.insert_seller(
                tx,
                seller_id,
                caller.user_id,
                profile.type,
                SellerStatus.PENDING,
                verification,
                profile.name,
                slug,
                profile.description,
                profile.nib,
                profile.npwp,
                profile.licence_url,
                profile.logo_url,
                phone or owners[0].phone,
                profile.email,
                profile.line,
                profile.district,
                profile.city,
                profile.province,
                profile.postal_code,
                now,
            )
            if bank is not None:
                await _store_bank(ctx, tx, seller_id, bank)
            await _note(ctx, tx, seller_id, caller.user_id, "status", None, SellerStatus.PENDING, "registered")
            await _note(ctx, tx, seller_id, caller.user_id, "verification", None, verification, "registered")
            await start(tx, welcome_seller, f"welcome-seller-{seller_id}", WelcomeSeller(user_id=caller.user_id))
            return await _locked(tx, seller_id)
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None


async def _store_bank(ctx: Context, tx: Transaction, seller_id: UUID, bank: Bank) -> None:
    sealed = _vault(ctx).seal(bank.account_number, seller_id)
    await queries.update_bank(tx, seller_id, bank.code, bank.account_name, sealed, bank.account_number[-4:])


async def _note(
    ctx: Context, tx: Transaction, seller_id: UUID, actor: UUID, subject: str, before: str | None, after: str, why: str
) -> None:
    await queries.write_history(tx, seller_id, ctx.clock.now(), actor, subject, before, after, why)


async def _locked(tx: Transaction, seller_id: UUID) -> SellerRow:
    found = await queries.lock_seller(tx, seller_id)
    if found is None:
        raise contract.SellerNotFound()
    return found


async def own_store(ctx: Context, caller: Caller) -> SellerRow:
    """The caller's store; raises SellerNotFound."""
    found = await queries.find_seller_of(ctx.db, caller.user_id)
    if found is None:
        raise contract.SellerNotFound("You have no store yet")
    return found


async def change_profile(ctx: Context, caller: Caller, changes: dict[str, object], bank: Bank | None) -> SellerRow:
    """Change what an owner may change; a verified store whose identity changes waits for verification again.

    ``changes`` are values by the names of Profile's fields. Raises SellerNotFound, StoreSlugTaken, PhoneInvalid.
    """
    if "phone" in changes:
        changes = {**changes, "phone": _phone_of(str(changes["phone"]))}
    try:
        async with ctx.db.transaction() as tx:
            before = await queries.lock_seller_of(tx, caller.user_id)
            if before is None:
                raise contract.SellerNotFound("You have no store yet")
            after = msgspec.structs.replace(before, **changes)
            changed = {name for name in changes if getattr(before, name) != getattr(after, name)}
            if bank is not None and await _is_other_bank(ctx, tx, before, bank):
                changed.add("bank")
                await _store_bank(ctx, tx, before.id, bank)
            complete = not missing_documents(after.type, after.nib, after.npwp, after.licence_url)
            verification = rules.verification_after(before.verification_status, changed, complete=complete)
            await _save_profile(ctx, tx, msgspec.structs.replace(after, verification_status=verification))
            if verification is not before.verification_status:
                why, standing = "changed: " + ", ".join(sorted(changed)), before.verification_status
                await _note(ctx, tx, before.id, caller.user_id, "verification", standing, verification, why)
            return await _locked(tx, before.id)
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None


async def _is_other_bank(ctx: Context, tx: Transaction, store: SellerRow, bank: Bank) -> bool:
    if (store.bank_code, store.bank_account_name) != (bank.code, bank.account_name):
        return True
    sealed = await queries.find_sealed_account(tx, store.id)
    return sealed is None or _vault(ctx).open(sealed, store.id) != bank.account_number


async def _save_profile(ctx: Context, tx: Transaction, row: SellerRow) -> None:
    await queries.update_profile(
        tx,
        row.id,
        row.type,
        row.verification_status,
        row.name,
        row.slug,
        row.description,
        row.nib,
        row.npwp,
        row.licence_url,
        row.logo_url,
        row.phone,
        row.email,
        row.line,
        row.district,
        row.city,
        row.province,
        row.postal_code,
        ctx.clock.now(),
    )


async def decide_verification(
    ctx: Context, caller: Caller, seller_id: UUID, decision: Decision, reason: str
) -> SellerRow:
    """Record what an administrator found in the documents. It does not activate the store (DOMAIN.md C-25).

    Raises SellerNotVerifiable where documents are missing, SellerStatusRefused where none wait for a decision.
    """
    async with ctx.db.transaction() as tx:
        store = await _locked(tx, seller_id)
        missing = missing_documents(store.type, store.nib, store.npwp, store.licence_url)
        verdict = rules.judge_decision(store.verification_status, decision, complete=not missing)
        if verdict is Verdict.DOCUMENTS_MISSING:
            raise contract.SellerNotVerifiable("Missing: " + ", ".join(missing), missing=missing)
        if verdict is Verdict.REFUSED:
            raise contract.SellerStatusRefused(f"The verification is {store.verification_status}, not pending")
        now, verified = ctx.clock.now(), decision is Decision.VERIFIED
        after = VerificationStatus(decision.value)
        await queries.update_verification(
            tx, seller_id, after, None if verified else reason, now if verified else None, caller.user_id, now
        )
        await _note(ctx, tx, seller_id, caller.user_id, "verification", store.verification_status, after, reason)
        whose = {"seller_id": seller_id, "user_id": store.user_id, "name": store.name}
        if verified:
            await ctx.publish(tx, contract.SellerVerified(**whose))  # type: ignore[arg-type]
        else:
            await ctx.publish(tx, contract.SellerRejected(**whose, reason=reason))  # type: ignore[arg-type]
        return await _locked(tx, seller_id)


async def change_status(ctx: Context, caller: Caller, seller_id: UUID, status: SellerStatus, reason: str) -> SellerRow:
    """Activate, suspend or retire a store; raises SellerStatusRefused for any other move."""
    async with ctx.db.transaction() as tx:
        store = await _locked(tx, seller_id)
        if not rules.may_become(store.status, status, store.verification_status):
            raise contract.SellerStatusRefused(
                f"From {store.status} ({store.verification_status}) to {status} is no move"
            )
        await queries.update_status(tx, seller_id, status, ctx.clock.now())
        await _note(ctx, tx, seller_id, caller.user_id, "status", store.status, status, reason)
        news = contract.SellerStatusChanged(seller_id=seller_id, user_id=store.user_id, name=store.name, status=status)
        await ctx.publish(tx, news)
        return await _locked(tx, seller_id)


def public_store(store: SellerRow | None) -> SellerRow:
    """The store if the public may see it; raises SellerNotFound otherwise."""
    if store is None or store.status is not SellerStatus.ACTIVE:
        raise contract.SellerNotFound()
    return store


@implements(contract.get_sellers)
async def get_sellers(ctx: Context, request: contract.GetSellers) -> contract.Sellers:
    return contract.Sellers(sellers=await queries.find_contract_sellers(ctx.db, request.seller_ids))


@implements(contract.get_owned_seller)
async def get_owned_seller(ctx: Context, request: contract.GetOwnedSeller) -> contract.Sellers:
    return contract.Sellers(sellers=await queries.find_contract_seller_of(ctx.db, request.user_id))


@implements(contract.get_bank_accounts)
async def get_bank_accounts(ctx: Context, request: contract.GetSellers) -> contract.BankAccounts:
    vault = _vault(ctx)
    return contract.BankAccounts(
        accounts=[
            contract.BankAccount(
                seller_id=each.seller_id,
                bank_code=each.bank_code,
                account_number=vault.open(each.sealed, each.seller_id),
                account_name=each.account_name,
            )
            for each in await queries.find_accounts(ctx.db, request.seller_ids)
        ]
    )
