"""What factory does: registration, profiles, verification, activation, and its contract towards other services."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from patungan.contracts import auth, office, warehouse
from patungan.contracts import factory as contract
from patungan.contracts.factory import Right
from patungan.kernel.banks import BankCode
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, Forbidden
from patungan.kernel.identity import Caller, Role
from patungan.kernel.phones import normalise_phone
from patungan.kernel.service import Context, implements
from patungan.kernel.vault import Vault, vault_of
from patungan.kernel.workflows import start
from patungan.services.factory.processes import WelcomeOwner, welcome_owner
from patungan.services.factory.queries import factories as queries
from patungan.services.factory.queries import members as member_queries
from patungan.services.factory.queries.factories import FactoryRow, FieldReason
from patungan.services.factory.rules import (
    FACTORIES_PER_OWNER,
    IDENTITY,
    RIGHTS,
    Decision,
    FactoryStatus,
    Verdict,
    VerificationStatus,
    documents_complete,
    factory_code,
    judge_decision,
    may_become,
    roles_with,
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
    return await _register(ctx, caller.user_id, caller.user_id, ctx.chance.new_id(), profile, bank)


async def _register(
    ctx: Context,
    owner_id: UUID,
    actor: UUID,
    factory_id: UUID,
    profile: Profile,
    bank: Bank | None,
    office_id: UUID | None = None,
) -> FactoryRow:
    phone = None if profile.phone is None else _phone_of(profile.phone)
    await _warehouse_exists(ctx, profile.default_warehouse_id)
    owners = (await ctx.call(auth.get_users, auth.GetUsers(user_ids=[owner_id]))).users
    if not owners:
        raise auth.UnknownUser()
    if owners[0].role not in (Role.CUSTOMER, Role.FACTORY_OWNER):
        raise Forbidden("An account of this kind owns no factory")
    profile = msgspec.structs.replace(profile, phone=phone or owners[0].phone)
    async with ctx.db.transaction() as tx:
        await queries.lock_owner(tx, owner_id)
        known = await queries.find_factory(tx, factory_id)
        if known is not None:
            return known
        if await queries.count_factories_of(tx, owner_id) >= FACTORIES_PER_OWNER:
            raise Conflict(f"An owner has at most {FACTORIES_PER_OWNER} factories")
        complete = documents_complete(profile.npwp, profile.licence_url, profile.logo_url)
        verification = VerificationStatus.PENDING if complete else VerificationStatus.UNVERIFIED
        await _insert(ctx, tx, factory_id, owner_id, owners[0].first_name, profile, verification)
        if bank is not None:
            await _store_bank(ctx, tx, factory_id, bank)
        await note(ctx, tx, factory_id, actor, "status", None, FactoryStatus.PENDING, "registered")
        await note(ctx, tx, factory_id, actor, "verification", None, verification, "registered")
        if office_id is not None:
            await assign(ctx, tx, await locked(tx, factory_id), office_id, actor, "brought in by the office")
        await start(tx, welcome_owner, f"welcome-factory-owner-{factory_id}", WelcomeOwner(owner_id=owner_id))
        return await locked(tx, factory_id)


async def assign(
    ctx: Context, tx: Transaction, factory: FactoryRow, office_id: UUID | None, actor: UUID, why: str
) -> None:
    """Have an office look after a factory from now on, or none; the same office again changes nothing."""
    if factory.office_id == office_id:
        return
    now = ctx.clock.now()
    await queries.update_office(tx, factory.id, office_id, now if office_id else None, now)
    before = str(factory.office_id) if factory.office_id else None
    await note(ctx, tx, factory.id, actor, "office", before, str(office_id) if office_id else "none", why)
    event = contract.FactoryAssigned(
        factory_id=factory.id, owner_id=factory.owner_id, name=factory.name, office_id=office_id
    )
    await ctx.publish(tx, event)


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


async def note(
    ctx: Context, tx: Transaction, factory_id: UUID, actor: UUID, subject: str, before: str | None, after: str, why: str
) -> None:
    """Write down a change of a factory's standing: of its status, verification, office, documents or members."""
    await queries.write_history(tx, factory_id, ctx.clock.now(), actor, subject, before, after, why)


async def locked(tx: Transaction, factory_id: UUID) -> FactoryRow:
    """The factory, for this transaction alone to change; raises FactoryNotFound."""
    factory = await queries.lock_factory(tx, factory_id)
    if factory is None:
        raise contract.FactoryNotFound()
    return factory


async def change_profile(
    ctx: Context, caller: Caller, factory_id: UUID, changes: dict[str, object], bank: Bank | None
) -> FactoryRow:
    """Change what an owner may change; a verified factory whose identity changes waits for verification again.

    ``changes`` are values by the names of Profile's fields. Raises FactoryNotFound for another's, Forbidden where a
    manager changes what is the owner's alone, NibTaken, PhoneInvalid, WarehouseNotFound.
    """
    present = await with_right(ctx, caller, factory_id, Right.MANAGE)
    if present.owner_id != caller.user_id and (bank is not None or changes.keys() & IDENTITY):
        raise Forbidden("Papers and the bank account are the owner's alone to change")
    if "phone" in changes:
        changes = {**changes, "phone": _phone_of(str(changes["phone"]))}
    warehouse_id = changes.get("default_warehouse_id")
    await _warehouse_exists(ctx, warehouse_id if isinstance(warehouse_id, UUID) else None)
    try:
        async with ctx.db.transaction() as tx:
            before = await locked(tx, factory_id)
            after = msgspec.structs.replace(before, **changes)
            changed = {name for name in changes if getattr(before, name) != getattr(after, name)}
            if bank is not None and await _is_other_bank(ctx, tx, before, bank):
                changed.add("bank")
                await _store_bank(ctx, tx, factory_id, bank)
            complete = documents_complete(after.npwp, after.licence_url, after.logo_url)
            verification = verification_after(before.verification_status, changed, complete=complete)
            await save_profile(ctx, tx, msgspec.structs.replace(after, verification_status=verification))
            if verification is not before.verification_status:
                why = "changed: " + ", ".join(sorted(changed))
                standing = before.verification_status
                await note(ctx, tx, factory_id, caller.user_id, "verification", standing, verification, why)
            if changed & {"name", "city", "province"}:
                event = contract.FactoryProfileChanged(
                    factory_id=factory_id,
                    owner_id=after.owner_id,
                    name=after.name,
                    city=after.city,
                    province=after.province,
                )
                await ctx.publish(tx, event)
            return await locked(tx, factory_id)
    except asyncpg.UniqueViolationError:
        raise contract.NibTaken(field="nib") from None


async def _is_other_bank(ctx: Context, tx: Transaction, factory: FactoryRow, bank: Bank) -> bool:
    if (factory.bank_code, factory.bank_account_name) != (bank.code, bank.account_name):
        return True
    sealed = await queries.find_sealed_account(tx, factory.id)
    return sealed is None or _vault(ctx).open(sealed, factory.id) != bank.account_number


async def save_profile(ctx: Context, tx: Transaction, row: FactoryRow) -> None:
    """Store a factory's profile and its verification's standing."""
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
    ctx: Context, caller: Caller, factory_id: UUID, decision: Decision, reason: str, fields: Sequence[FieldReason] = ()
) -> FactoryRow:
    """Record what an administrator found in the documents. It does not activate the factory (DOMAIN.md C-25).

    ``fields`` says what is to be mended where they are rejected.

    Raises FactoryNotVerifiable where documents are missing, FactoryStatusRefused where none wait for a decision.
    """
    async with ctx.db.transaction() as tx:
        factory = await locked(tx, factory_id)
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
            tx,
            factory_id,
            after,
            None if verified else reason,
            now if verified else None,
            caller.user_id,
            now,
            [] if verified else list(fields),
        )
        await note(ctx, tx, factory_id, caller.user_id, "verification", factory.verification_status, after, reason)
        if verified:
            event = contract.FactoryVerified(factory_id=factory_id, owner_id=factory.owner_id, name=factory.name)
            await ctx.publish(tx, event)
        else:
            wrong = contract.FactoryRejected(
                factory_id=factory_id,
                owner_id=factory.owner_id,
                name=factory.name,
                reason=reason,
                fields=[each.field for each in fields],
            )
            await ctx.publish(tx, wrong)
        return await locked(tx, factory_id)


async def change_status(
    ctx: Context, caller: Caller, factory_id: UUID, status: FactoryStatus, reason: str
) -> FactoryRow:
    """Activate, suspend or retire a factory; raises FactoryStatusRefused for any other move."""
    async with ctx.db.transaction() as tx:
        factory = await locked(tx, factory_id)
        if not may_become(factory.status, status, factory.verification_status):
            raise contract.FactoryStatusRefused(
                f"From {factory.status} ({factory.verification_status}) to {status} is no move"
            )
        await queries.update_status(tx, factory_id, status, ctx.clock.now(), reason or None)
        await note(ctx, tx, factory_id, caller.user_id, "status", factory.status, status, reason)
        event = contract.FactoryStatusChanged(
            factory_id=factory_id, owner_id=factory.owner_id, name=factory.name, status=status, reason=reason
        )
        await ctx.publish(tx, event)
        return await locked(tx, factory_id)


def public_factory(factory: FactoryRow | None) -> FactoryRow:
    """The factory if the public may see it; raises FactoryNotFound otherwise."""
    if factory is None or factory.status is not FactoryStatus.ACTIVE:
        raise contract.FactoryNotFound()
    return factory


async def with_right(ctx: Context, caller: Caller, factory_id: UUID, right: Right) -> FactoryRow:
    """A factory in whose name the caller may do that; raises FactoryNotFound for everybody else, Forbidden for a member
    without the right."""
    factory = await queries.find_factory(ctx.db, factory_id)
    if factory is None:
        raise contract.FactoryNotFound()
    if factory.owner_id == caller.user_id:
        return factory
    role = await member_queries.find_role(ctx.db, factory_id, caller.user_id)
    if role is None:
        raise contract.FactoryNotFound()
    if right not in RIGHTS[role]:
        raise Forbidden(f"A factory's {role} may not do this")
    return factory


async def with_right_or_admin(ctx: Context, caller: Caller, factory_id: UUID, right: Right) -> FactoryRow:
    """As ``with_right``, and for administrators."""
    if not caller.is_admin:
        return await with_right(ctx, caller, factory_id, right)
    factory = await queries.find_factory(ctx.db, factory_id)
    if factory is None:
        raise contract.FactoryNotFound()
    return factory


async def resubmit(ctx: Context, caller: Caller, factory_id: UUID, remark: str) -> FactoryRow:
    """Ask to be looked at again after a rejection without a change; raises FactoryNotVerifiable where documents are
    missing, FactoryStatusRefused where none was rejected."""
    await with_right(ctx, caller, factory_id, Right.OWN)
    async with ctx.db.transaction() as tx:
        factory = await locked(tx, factory_id)
        if factory.verification_status is not VerificationStatus.REJECTED:
            raise contract.FactoryStatusRefused(f"The verification is {factory.verification_status}, not rejected")
        if not documents_complete(factory.npwp, factory.licence_url, factory.logo_url):
            raise contract.FactoryNotVerifiable()
        await save_profile(ctx, tx, msgspec.structs.replace(factory, verification_status=VerificationStatus.PENDING))
        pending = VerificationStatus.PENDING
        await note(ctx, tx, factory_id, caller.user_id, "verification", factory.verification_status, pending, remark)
        return await locked(tx, factory_id)


async def assign_office(ctx: Context, caller: Caller, factory_id: UUID, office_id: UUID | None, why: str) -> FactoryRow:
    """Have an office look after a factory, or none; raises FactoryNotFound, OfficeNotFound."""
    if office_id is not None:
        found = await ctx.call(office.get_offices, office.GetOffices(office_ids=[office_id]))
        if not any(each.status == "active" for each in found.offices):
            raise office.OfficeNotFound(field="office_id")
    async with ctx.db.transaction() as tx:
        await assign(ctx, tx, await locked(tx, factory_id), office_id, caller.user_id, why)
        return await locked(tx, factory_id)


@implements(contract.get_factories)
async def get_factories(ctx: Context, request: contract.GetFactories) -> contract.Factories:
    return contract.Factories(factories=await queries.find_contract_factories(ctx.db, request.factory_ids))


@implements(contract.get_owned_factories)
async def get_owned_factories(ctx: Context, request: contract.GetOwnedFactories) -> contract.Factories:
    roles = roles_with(request.right)
    return contract.Factories(factories=await queries.find_contract_factories_of(ctx.db, request.owner_id, roles))


@implements(contract.get_office_factories)
async def get_office_factories(ctx: Context, request: contract.GetOfficeFactories) -> contract.Factories:
    return contract.Factories(factories=await queries.find_contract_factories_of_office(ctx.db, request.office_id))


@implements(contract.register_factory)
async def register_factory(ctx: Context, request: contract.RegisterFactory) -> contract.Factory:
    profile = Profile(
        name=request.name,
        nib=request.nib,
        line=request.line,
        district=request.district,
        city=request.city,
        province=request.province,
        postal_code=request.postal_code,
        description=request.description,
        npwp=request.npwp,
        phone=request.phone,
        email=request.email,
    )
    made = await _register(
        ctx, request.owner_id, request.agent_id, request.factory_id, profile, None, request.office_id
    )
    (found,) = await queries.find_contract_factories(ctx.db, [made.id])
    return found


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
