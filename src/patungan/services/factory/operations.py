"""What factory does: registration, profiles, verification, activation, and its contract towards other services."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import msgspec

from patungan.contracts import auth, warehouse
from patungan.contracts import factory as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, Forbidden
from patungan.kernel.identity import Caller, Role
from patungan.kernel.phones import normalise_phone
from patungan.kernel.service import Context, implements
from patungan.kernel.vault import Vault, vault_of
from patungan.kernel.workflows import start
from patungan.services.factory import queries
from patungan.services.factory.processes import WelcomeOwner, welcome_owner
from patungan.services.factory.queries import FactoryRow
from patungan.services.factory.rules import (
    FACTORIES_PER_OWNER,
    BankCode,
    Decision,
    FactoryStatus,
    Verdict,
    VerificationStatus,
    documents_complete,
    factory_code,
    judge_decision,
    may_become,
    verification_after,
)


class Bank(msgspec.Struct, frozen=True):
    """Where a factory is paid; the number is 8 to 20 digits and stays encrypted at rest."""

    code: BankCode
    account_number: str
    account_name: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner says of a factory. ``phone`` None: the owner's own."""

    name: str
    nib: str
    line: str
    district: str
    city: str
    province: str
    postal_code: str
    description: str = ""
    description_en: str = ""
    npwp: str | None = None
    licence_url: str | None = None
    logo_url: str | None = None
    phone: str | None = None
    email: str | None = None
    wholesale_unit: int = 1
    default_warehouse_id: UUID | None = None


def _vault(ctx: Context) -> Vault:
    return vault_of(ctx, "factory bank accounts")


def _phone_of(text: str) -> str:
    phone = normalise_phone(text)
    if phone is None:
        raise auth.PhoneInvalid(field="phone")
    return phone


async def _warehouse_exists(ctx: Context, warehouse_id: UUID | None) -> None:
    if warehouse_id is None:
        return
    found = await ctx.call(warehouse.get_warehouses, warehouse.GetWarehouses(warehouse_ids=[warehouse_id]))
    if not found.warehouses:
        raise warehouse.WarehouseNotFound(field="default_warehouse_id")


async def register(ctx: Context, caller: Caller, profile: Profile, bank: Bank | None) -> FactoryRow:
    """Register a factory; its owner becomes a factory owner. Raises NibTaken, WarehouseNotFound, PhoneInvalid,
    Conflict past ten factories, Forbidden for other kinds of account."""
    if caller.role not in (Role.CUSTOMER, Role.FACTORY_OWNER):
        raise Forbidden("This account is of another kind; register the factory with an account of its own")
    phone = None if profile.phone is None else _phone_of(profile.phone)
    await _warehouse_exists(ctx, profile.default_warehouse_id)
    owners = (await ctx.call(auth.get_users, auth.GetUsers(user_ids=[caller.user_id]))).users
    if not owners:
        raise auth.UnknownUser()
    profile = msgspec.structs.replace(profile, phone=phone or owners[0].phone)
    factory_id = ctx.chance.new_id()
    async with ctx.db.transaction() as tx:
        await queries.lock_owner(tx, caller.user_id)
        if await queries.count_factories_of(tx, caller.user_id) >= FACTORIES_PER_OWNER:
            raise Conflict(f"An owner has at most {FACTORIES_PER_OWNER} factories")
        complete = documents_complete(profile.npwp, profile.licence_url, profile.logo_url)
        verification = VerificationStatus.PENDING if complete else VerificationStatus.UNVERIFIED
        await _insert(ctx, tx, factory_id, caller.user_id, owners[0].first_name, profile, verification)
        if bank is not None:
            await _store_bank(ctx, tx, factory_id, bank)
        await _note(ctx, tx, factory_id, caller.user_id, "status", None, FactoryStatus.PENDING, "registered")
        await _note(ctx, tx, factory_id, caller.user_id, "verification", None, verification, "registered")
        await start(tx, welcome_owner, f"welcome-factory-owner-{factory_id}", WelcomeOwner(owner_id=caller.user_id))
        return await _locked(tx, factory_id)


async def _insert(
    ctx: Context,
    tx: Transaction,
    factory_id: UUID,
    owner_id: UUID,
    owner_name: str,
    profile: Profile,
    verification: VerificationStatus,
) -> None:
    for _attempt in range(5):
        inserted = await queries.insert_factory(
            tx,
            factory_id,
            owner_id,
            factory_code(profile.city, owner_name, ctx.chance.digits(6)),
            profile.name,
            profile.description,
            profile.description_en,
            FactoryStatus.PENDING,
            verification,
            profile.nib,
            profile.npwp,
            profile.licence_url,
            profile.logo_url,
            profile.phone,
            profile.email,
            profile.line,
            profile.district,
            profile.city,
            profile.province,
            profile.postal_code,
            profile.wholesale_unit,
            profile.default_warehouse_id,
            ctx.clock.now(),
        )
        if inserted:
            return
        if await queries.nib_is_known(tx, profile.nib):
            raise contract.NibTaken(field="nib")
    raise Conflict("No factory code is free for this city and owner")


async def _store_bank(ctx: Context, tx: Transaction, factory_id: UUID, bank: Bank) -> None:
    sealed = _vault(ctx).seal(bank.account_number, factory_id)
    await queries.update_bank(tx, factory_id, bank.code, bank.account_name, sealed, bank.account_number[-4:])


async def _note(
    ctx: Context, tx: Transaction, factory_id: UUID, actor: UUID, subject: str, before: str | None, after: str, why: str
) -> None:
    await queries.write_history(tx, factory_id, ctx.clock.now(), actor, subject, before, after, why)


async def _locked(tx: Transaction, factory_id: UUID) -> FactoryRow:
    factory = await queries.lock_factory(tx, factory_id)
    if factory is None:
        raise contract.FactoryNotFound()
    return factory


async def change_profile(
    ctx: Context, caller: Caller, factory_id: UUID, changes: dict[str, object], bank: Bank | None
) -> FactoryRow:
    """Change what an owner may change; a verified factory whose identity changes waits for verification again.

    ``changes`` are values by the names of Profile's fields. Raises FactoryNotFound for another's, NibTaken, PhoneInvalid,
    WarehouseNotFound.
    """
    if "phone" in changes:
        changes = {**changes, "phone": _phone_of(str(changes["phone"]))}
    warehouse_id = changes.get("default_warehouse_id")
    await _warehouse_exists(ctx, warehouse_id if isinstance(warehouse_id, UUID) else None)
    try:
        async with ctx.db.transaction() as tx:
            before = await _locked(tx, factory_id)
            if before.owner_id != caller.user_id:
                raise contract.FactoryNotFound()
            after = msgspec.structs.replace(before, **changes)
            changed = {name for name in changes if getattr(before, name) != getattr(after, name)}
            if bank is not None and await _is_other_bank(ctx, tx, before, bank):
                changed.add("bank")
                await _store_bank(ctx, tx, factory_id, bank)
            complete = documents_complete(after.npwp, after.licence_url, after.logo_url)
            verification = verification_after(before.verification_status, changed, complete=complete)
            await _save_profile(ctx, tx, msgspec.structs.replace(after, verification_status=verification))
            if verification is not before.verification_status:
                why = "changed: " + ", ".join(sorted(changed))
                standing = before.verification_status
                await _note(ctx, tx, factory_id, caller.user_id, "verification", standing, verification, why)
            if changed & {"name", "city", "province"}:
                event = contract.FactoryProfileChanged(
                    factory_id=factory_id,
                    owner_id=after.owner_id,
                    name=after.name,
                    city=after.city,
                    province=after.province,
                )
                await ctx.publish(tx, event)
            return await _locked(tx, factory_id)
    except asyncpg.UniqueViolationError:
        raise contract.NibTaken(field="nib") from None


async def _is_other_bank(ctx: Context, tx: Transaction, factory: FactoryRow, bank: Bank) -> bool:
    if (factory.bank_code, factory.bank_account_name) != (bank.code, bank.account_name):
        return True
    sealed = await queries.find_sealed_account(tx, factory.id)
    return sealed is None or _vault(ctx).open(sealed, factory.id) != bank.account_number


async def _save_profile(ctx: Context, tx: Transaction, row: FactoryRow) -> None:
    await queries.update_profile(
        tx,
        row.id,
        row.name,
        row.description,
        row.description_en,
        row.verification_status,
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
        row.wholesale_unit,
        row.default_warehouse_id,
        ctx.clock.now(),
    )


async def decide_verification(
    ctx: Context, caller: Caller, factory_id: UUID, decision: Decision, reason: str
) -> FactoryRow:
    """Record what an administrator found in the documents. It does not activate the factory (DOMAIN.md C-25).

    Raises FactoryNotVerifiable where documents are missing, FactoryStatusRefused where none wait for a decision.
    """
    async with ctx.db.transaction() as tx:
        factory = await _locked(tx, factory_id)
        complete = documents_complete(factory.npwp, factory.licence_url, factory.logo_url)
        verdict = judge_decision(factory.verification_status, decision, complete=complete)
        if verdict is Verdict.DOCUMENTS_MISSING:
            missing = [name for name in ("licence_url", "npwp", "logo_url") if not getattr(factory, name)]
            raise contract.FactoryNotVerifiable("Missing: " + ", ".join(missing), missing=missing)
        if verdict is Verdict.REFUSED:
            raise contract.FactoryStatusRefused(f"The verification is {factory.verification_status}, not pending")
        now = ctx.clock.now()
        verified = decision is Decision.VERIFIED
        after = VerificationStatus(decision.value)
        await queries.update_verification(
            tx, factory_id, after, None if verified else reason, now if verified else None, caller.user_id, now
        )
        await _note(ctx, tx, factory_id, caller.user_id, "verification", factory.verification_status, after, reason)
        if verified:
            event = contract.FactoryVerified(factory_id=factory_id, owner_id=factory.owner_id, name=factory.name)
            await ctx.publish(tx, event)
        return await _locked(tx, factory_id)


async def change_status(
    ctx: Context, caller: Caller, factory_id: UUID, status: FactoryStatus, reason: str
) -> FactoryRow:
    """Activate, suspend or retire a factory; raises FactoryStatusRefused for any other move."""
    async with ctx.db.transaction() as tx:
        factory = await _locked(tx, factory_id)
        if not may_become(factory.status, status, factory.verification_status):
            raise contract.FactoryStatusRefused(
                f"From {factory.status} ({factory.verification_status}) to {status} is no move"
            )
        await queries.update_status(tx, factory_id, status, ctx.clock.now())
        await _note(ctx, tx, factory_id, caller.user_id, "status", factory.status, status, reason)
        event = contract.FactoryStatusChanged(
            factory_id=factory_id, owner_id=factory.owner_id, name=factory.name, status=status
        )
        await ctx.publish(tx, event)
        return await _locked(tx, factory_id)


def public_factory(factory: FactoryRow | None) -> FactoryRow:
    """The factory if the public may see it; raises FactoryNotFound otherwise."""
    if factory is None or factory.status is not FactoryStatus.ACTIVE:
        raise contract.FactoryNotFound()
    return factory


async def own_or_any(ctx: Context, caller: Caller, factory_id: UUID) -> FactoryRow:
    """A factory for its owner or an administrator; raises FactoryNotFound for everyone else."""
    factory = await queries.find_factory(ctx.db, factory_id)
    if factory is None or not (caller.is_admin or factory.owner_id == caller.user_id):
        raise contract.FactoryNotFound()
    return factory


@implements(contract.get_factories)
async def get_factories(ctx: Context, request: contract.GetFactories) -> contract.Factories:
    return contract.Factories(factories=await queries.find_contract_factories(ctx.db, request.factory_ids))


@implements(contract.get_owned_factories)
async def get_owned_factories(ctx: Context, request: contract.GetOwnedFactories) -> contract.Factories:
    return contract.Factories(factories=await queries.find_contract_factories_of(ctx.db, request.owner_id))


@implements(contract.get_bank_account)
async def get_bank_account(ctx: Context, request: contract.GetBankAccount) -> contract.KnownBankAccount:
    factory = await queries.find_factory(ctx.db, request.factory_id)
    if factory is None:
        raise contract.FactoryNotFound()
    sealed = await queries.find_sealed_account(ctx.db, factory.id)
    if sealed is None or factory.bank_code is None or factory.bank_account_name is None:
        return contract.KnownBankAccount(account=None)
    number = _vault(ctx).open(sealed, factory.id)
    account = contract.BankAccount(
        bank_code=factory.bank_code, account_number=number, account_name=factory.bank_account_name
    )
    return contract.KnownBankAccount(account=account)
