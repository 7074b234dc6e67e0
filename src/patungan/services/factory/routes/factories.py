"""The public API of factory. The public sees active factories without their papers; owners and administrators see more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.contracts.factory import Right
from patungan.kernel.banks import BankCode
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, Input, PageLimit, PageNumber, SignedIn, get, patch, post, put
from patungan.kernel.identity import Audience
from patungan.services.factory.operations import factories as operations
from patungan.services.factory.operations.factories import Bank, Profile
from patungan.services.factory.queries import factories as queries
from patungan.services.factory.queries.factories import FactoryRow, FieldReason, HistoryRow
from patungan.services.factory.rules import Decision, FactoryStatus, VerificationStatus

Name = Annotated[str, Meta(min_length=3, max_length=120, pattern=r"^\S(.*\S)?$")]
Text = Annotated[str, Meta(max_length=2000)]
Nib = Annotated[str, Meta(pattern=r"^[0-9]{13}$")]
Npwp = Annotated[str, Meta(pattern=r"^[0-9]{15,16}$")]
Url = Annotated[str, Meta(pattern=r"^(https?://|/(?!/))[^\s<>\"]+$", max_length=500)]
Phone = Annotated[str, Meta(min_length=9, max_length=20)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)]
Line = Annotated[str, Meta(min_length=3, max_length=300)]
Place = Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]
PostalCode = Annotated[str, Meta(pattern=r"^[0-9]{5}$")]
Units = Annotated[int, Meta(ge=1, le=10_000)]
Reason = Annotated[str, Meta(max_length=500)]


class BankInput(Input, frozen=True):
    code: BankCode
    account_number: Annotated[str, Meta(pattern=r"^[0-9]{8,20}$")]
    account_name: Annotated[str, Meta(min_length=3, max_length=100)]


class FactoryInput(Input, frozen=True):
    """A registration. The documents may follow later; the verification begins when all are there."""

    name: Name
    nib: Nib
    line: Line
    district: Place
    city: Place
    province: Place
    postal_code: PostalCode
    description: Text = ""
    description_en: Text = ""
    npwp: Npwp | None = None
    licence_url: Url | None = None
    logo_url: Url | None = None
    phone: Phone | None = None
    email: Email | None = None
    wholesale_unit: Units = 1
    default_warehouse_id: UUID | None = None
    bank: BankInput | None = None


class FactoryChange(Input, frozen=True):
    """A change of some fields; what is left out stays."""

    name: Name | UnsetType = UNSET
    nib: Nib | UnsetType = UNSET
    line: Line | UnsetType = UNSET
    district: Place | UnsetType = UNSET
    city: Place | UnsetType = UNSET
    province: Place | UnsetType = UNSET
    postal_code: PostalCode | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    description_en: Text | UnsetType = UNSET
    npwp: Npwp | UnsetType = UNSET
    licence_url: Url | UnsetType = UNSET
    logo_url: Url | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    wholesale_unit: Units | UnsetType = UNSET
    default_warehouse_id: UUID | None | UnsetType = UNSET
    bank: BankInput | UnsetType = UNSET


class WrongField(Input, frozen=True):
    field: Annotated[
        str, Meta(pattern=r"^(name|nib|npwp|licence|npwp_card|logo|phone|email|address|bank|description)$")
    ]
    reason: Annotated[str, Meta(min_length=3, max_length=300)]


class VerificationDecision(Input, frozen=True):
    """``reason`` is needed where the decision is to reject; ``fields`` says what is to be mended."""

    decision: Decision
    reason: Reason = ""
    fields: Annotated[list[WrongField], Meta(max_length=20)] = msgspec.field(default_factory=list)


class Resubmission(Input, frozen=True):
    remark: Annotated[str, Meta(min_length=3, max_length=500)]


class OfficeAssignment(Input, frozen=True):
    """``office_id`` null: no office looks after the factory."""

    office_id: UUID | None
    reason: Reason = ""


class StatusChange(Input, frozen=True):
    """``reason`` is needed where a factory is suspended or retired."""

    status: FactoryStatus
    reason: Reason = ""


class PublicFactory(msgspec.Struct, frozen=True):
    """What everybody may see of a factory; ``rating`` in stars, None until it was reviewed."""

    id: UUID
    code: str
    name: str
    description: str
    description_en: str
    status: FactoryStatus
    verification_status: VerificationStatus
    city: str
    province: str
    postal_code: str
    logo_url: str | None
    wholesale_unit: int
    default_warehouse_id: UUID | None
    rating: float | None
    review_count: int
    review_average: float | None


class BankView(msgspec.Struct, frozen=True):
    """A bank account without its number: the last four digits tell its owner which one it is."""

    code: BankCode
    account_name: str
    account_last4: str


class FactoryDossier(msgspec.Struct, frozen=True):
    """What a factory's owner and administrators see."""

    id: UUID
    owner_id: UUID
    code: str
    name: str
    description: str
    description_en: str
    status: FactoryStatus
    verification_status: VerificationStatus
    rejection_reason: str | None
    nib: str
    npwp: str | None
    licence_url: str | None
    logo_url: str | None
    phone: str
    email: str | None
    line: str
    district: str
    city: str
    province: str
    postal_code: str
    bank: BankView | None
    wholesale_unit: int
    default_warehouse_id: UUID | None
    rating: float | None
    created_at: datetime
    verified_at: datetime | None
    rejected_fields: list[FieldReason]
    status_reason: str | None
    office_id: UUID | None
    review_count: int


class PublicFactories(msgspec.Struct, frozen=True):
    items: list[PublicFactory]
    page: int
    limit: int
    total: int


class Dossiers(msgspec.Struct, frozen=True):
    items: list[FactoryDossier]
    page: int
    limit: int
    total: int


class History(msgspec.Struct, frozen=True):
    items: list[HistoryRow]
    page: int
    limit: int
    total: int


def _rating(row: FactoryRow) -> float | None:
    return None if row.rating_hundredths is None else row.rating_hundredths / 100


def _average(row: FactoryRow) -> float | None:
    """Buyers' stars to two decimals, halves rounded up."""
    count, total = row.review_count, row.review_total
    return None if count == 0 else ((200 * total + count) // (2 * count)) / 100


def _public(row: FactoryRow) -> PublicFactory:
    return PublicFactory(
        row.id,
        row.code,
        row.name,
        row.description,
        row.description_en,
        row.status,
        row.verification_status,
        row.city,
        row.province,
        row.postal_code,
        row.logo_url,
        row.wholesale_unit,
        row.default_warehouse_id,
        _rating(row),
        row.review_count,
        _average(row),
    )


def _dossier(row: FactoryRow) -> FactoryDossier:
    bank = None
    if row.bank_code is not None:
        bank = BankView(row.bank_code, row.bank_account_name or "", row.bank_account_last4 or "")
    shared = {
        name: getattr(row, name) for name in FactoryDossier.__struct_fields__ if name in FactoryRow.__struct_fields__
    }
    return FactoryDossier(**shared, bank=bank, rating=_rating(row))


def _bank(given: BankInput) -> Bank:
    return Bank(given.code, given.account_number, given.account_name)


@get("/api/factories", audience=Audience.PUBLIC)
async def list_factories(
    ctx: Ctx, q: FromQuery[str | None] = None, page: PageNumber = 1, limit: PageLimit = 20
) -> PublicFactories:
    wanted = (FactoryStatus.ACTIVE, None, q or None)
    total = await queries.count_factories(ctx.db, *wanted)
    rows = await queries.search_factories(ctx.db, *wanted, limit, (page - 1) * limit)
    return PublicFactories([_public(row) for row in rows], page, limit, total)


@post("/api/factories", audience=Audience.CUSTOMER, status=201)
async def register_factory(ctx: Ctx, caller: SignedIn, data: JSONBody[FactoryInput]) -> FactoryDossier:
    given = {name: getattr(data, name) for name in Profile.__struct_fields__}
    bank = None if data.bank is None else _bank(data.bank)
    return _dossier(await operations.register(ctx, caller, Profile(**given), bank))


@get("/api/factories/mine", audience=Audience.CUSTOMER)
async def my_factories(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> Dossiers:
    total = await queries.count_factories_of(ctx.db, caller.user_id)
    rows = await queries.find_factories_of(ctx.db, caller.user_id, limit, (page - 1) * limit)
    return Dossiers([_dossier(row) for row in rows], page, limit, total)


@get("/api/factories/all", audience=Audience.ADMIN)
async def all_factories(
    ctx: Ctx,
    q: FromQuery[str | None] = None,
    status: FromQuery[FactoryStatus | None] = None,
    verification_status: FromQuery[VerificationStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Dossiers:
    wanted = (status, verification_status, q or None)
    total = await queries.count_factories(ctx.db, *wanted)
    rows = await queries.search_factories(ctx.db, *wanted, limit, (page - 1) * limit)
    return Dossiers([_dossier(row) for row in rows], page, limit, total)


@get("/api/factories/code/{code:str}", audience=Audience.PUBLIC)
async def factory_by_code(ctx: Ctx, code: FromPath[str]) -> PublicFactory:
    return _public(operations.public_factory(await queries.find_factory_by_code(ctx.db, code.upper())))


@get("/api/factories/{factory_id:uuid}", audience=Audience.PUBLIC)
async def one_factory(ctx: Ctx, factory_id: FromPath[UUID]) -> PublicFactory:
    return _public(operations.public_factory(await queries.find_factory(ctx.db, factory_id)))


@get("/api/factories/{factory_id:uuid}/dossier", audience=[Audience.FACTORY_OWNER, Audience.ADMIN])
async def factory_dossier(ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID]) -> FactoryDossier:
    return _dossier(await operations.with_right_or_admin(ctx, caller, factory_id, Right.MANAGE))


@get("/api/factories/{factory_id:uuid}/history", audience=[Audience.FACTORY_OWNER, Audience.ADMIN])
async def factory_history(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> History:
    await operations.with_right_or_admin(ctx, caller, factory_id, Right.MANAGE)
    total = await queries.count_history(ctx.db, factory_id)
    return History(await queries.find_history(ctx.db, factory_id, limit, (page - 1) * limit), page, limit, total)


@patch("/api/factories/{factory_id:uuid}", audience=Audience.FACTORY_OWNER)
async def change_factory(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], data: JSONBody[FactoryChange]
) -> FactoryDossier:
    changes = {
        name: value for name in Profile.__struct_fields__ if not isinstance(value := getattr(data, name), UnsetType)
    }
    bank = None if isinstance(data.bank, UnsetType) else _bank(data.bank)
    return _dossier(await operations.change_profile(ctx, caller, factory_id, changes, bank))


@post("/api/factories/{factory_id:uuid}/verification", audience=Audience.ADMIN)
async def decide_verification(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], data: JSONBody[VerificationDecision]
) -> FactoryDossier:
    if data.decision is Decision.REJECTED and not data.reason.strip():
        raise InvalidInput("A rejection needs a reason", field="reason")
    fields = [FieldReason(each.field, each.reason.strip()) for each in data.fields]
    if data.decision is Decision.VERIFIED and fields:
        raise InvalidInput("What is verified has no fields to mend", field="fields")
    return _dossier(
        await operations.decide_verification(ctx, caller, factory_id, data.decision, data.reason.strip(), fields)
    )


@post("/api/factories/{factory_id:uuid}/resubmissions", audience=Audience.FACTORY_OWNER)
async def resubmit_factory(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], data: JSONBody[Resubmission]
) -> FactoryDossier:
    """Ask to be looked at again after a rejection, with a remark."""
    return _dossier(await operations.resubmit(ctx, caller, factory_id, data.remark.strip()))


@put("/api/factories/{factory_id:uuid}/office", audience=Audience.ADMIN)
async def assign_office(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], data: JSONBody[OfficeAssignment]
) -> FactoryDossier:
    """Have an agents' office look after a factory, or none."""
    return _dossier(await operations.assign_office(ctx, caller, factory_id, data.office_id, data.reason.strip()))


@post("/api/factories/{factory_id:uuid}/status", audience=Audience.ADMIN)
async def change_status(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], data: JSONBody[StatusChange]
) -> FactoryDossier:
    if data.status in (FactoryStatus.SUSPENDED, FactoryStatus.INACTIVE) and not data.reason.strip():
        raise InvalidInput("Suspending or retiring a factory needs a reason", field="reason")
    return _dossier(await operations.change_status(ctx, caller, factory_id, data.status, data.reason.strip()))


factory_routes = [
    list_factories,
    register_factory,
    my_factories,
    all_factories,
    factory_by_code,
    one_factory,
    factory_dossier,
    factory_history,
    change_factory,
    decide_verification,
    change_status,
    resubmit_factory,
    assign_office,
]
