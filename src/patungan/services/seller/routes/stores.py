"""Stores. The public sees active ones without their papers; owners and administrators see more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.contracts import seller as contract
from patungan.contracts.seller import Offer
from patungan.kernel.banks import BankCode
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, Page, PageLimit, PageNumber, SignedIn, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.seller.operations import stores
from patungan.services.seller.operations.stores import Bank, Profile
from patungan.services.seller.queries import sellers as queries
from patungan.services.seller.queries import stock as stock_queries
from patungan.services.seller.queries.sellers import HistoryRow, SellerRow
from patungan.services.seller.rules import Decision, SellerStatus, SellerType, VerificationStatus

Name = Annotated[str, Meta(min_length=3, max_length=120, pattern=r"^\S(.*\S)?$")]
Slug = Annotated[str, Meta(min_length=3, max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, Meta(max_length=2000)]
Nib = Annotated[str, Meta(pattern=r"^[0-9]{13}$")]
Npwp = Annotated[str, Meta(pattern=r"^[0-9]{15,16}$")]
Url = Annotated[str, Meta(pattern=r"^(https?://|/(?!/))[^\s<>\"]+$", max_length=500)]
Phone = Annotated[str, Meta(min_length=9, max_length=20)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)]
Line = Annotated[str, Meta(min_length=3, max_length=300)]
Place = Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]
PostalCode = Annotated[str, Meta(pattern=r"^[0-9]{5}$")]
Reason = Annotated[str, Meta(max_length=500)]


class BankInput(Input, frozen=True):
    code: BankCode
    account_number: Annotated[str, Meta(pattern=r"^[0-9]{8,20}$")]
    account_name: Annotated[str, Meta(min_length=3, max_length=100)]


class StoreInput(Input, frozen=True):
    """A registration. The documents may follow later; the verification begins when all are there."""

    name: Name
    line: Line
    district: Place
    city: Place
    province: Place
    postal_code: PostalCode
    type: SellerType = SellerType.INDIVIDUAL
    slug: Slug | None = None
    description: Text = ""
    nib: Nib | None = None
    npwp: Npwp | None = None
    licence_url: Url | None = None
    logo_url: Url | None = None
    phone: Phone | None = None
    email: Email | None = None
    bank: BankInput | None = None


class StoreChange(Input, frozen=True):
    """A change of some fields; what is left out stays."""

    name: Name | UnsetType = UNSET
    line: Line | UnsetType = UNSET
    district: Place | UnsetType = UNSET
    city: Place | UnsetType = UNSET
    province: Place | UnsetType = UNSET
    postal_code: PostalCode | UnsetType = UNSET
    type: SellerType | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    nib: Nib | UnsetType = UNSET
    npwp: Npwp | UnsetType = UNSET
    licence_url: Url | UnsetType = UNSET
    logo_url: Url | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    bank: BankInput | UnsetType = UNSET


class VerificationDecision(Input, frozen=True):
    """``reason`` is needed where the decision is to reject."""

    decision: Decision
    reason: Reason = ""


class StatusChange(Input, frozen=True):
    """``reason`` is needed where a store is suspended or retired."""

    status: SellerStatus
    reason: Reason = ""


class PublicStore(msgspec.Struct, frozen=True):
    """What everybody may see of a store."""

    id: UUID
    name: str
    slug: str
    description: str
    city: str
    province: str
    logo_url: str | None


class BankView(msgspec.Struct, frozen=True):
    """A bank account without its number: the last four digits tell its owner which one it is."""

    code: BankCode
    account_name: str
    account_last4: str


class Dossier(msgspec.Struct, frozen=True):
    """What a store's owner and administrators see."""

    id: UUID
    user_id: UUID
    type: SellerType
    status: SellerStatus
    verification_status: VerificationStatus
    rejection_reason: str | None
    name: str
    slug: str
    description: str
    nib: str | None
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
    created_at: datetime
    verified_at: datetime | None


class PublicStores(Page, frozen=True, kw_only=True):
    items: list[PublicStore]


class Dossiers(Page, frozen=True, kw_only=True):
    items: list[Dossier]


class History(Page, frozen=True, kw_only=True):
    items: list[HistoryRow]


class StoreOffers(Page, frozen=True, kw_only=True):
    items: list[Offer]


def _public(row: SellerRow) -> PublicStore:
    return PublicStore(row.id, row.name, row.slug, row.description, row.city, row.province, row.logo_url)


def _dossier(row: SellerRow) -> Dossier:
    bank = None
    if row.bank_code is not None:
        bank = BankView(row.bank_code, row.bank_account_name or "", row.bank_account_last4 or "")
    shared = {name: getattr(row, name) for name in Dossier.__struct_fields__ if name in SellerRow.__struct_fields__}
    return Dossier(**shared, bank=bank)


def _bank(given: BankInput) -> Bank:
    return Bank(given.code, given.account_number, given.account_name)


@get("/api/sellers", audience=Audience.PUBLIC)
async def list_stores(
    ctx: Ctx, q: FromQuery[str | None] = None, page: PageNumber = 1, limit: PageLimit = 20
) -> PublicStores:
    wanted = (SellerStatus.ACTIVE, None, q or None)
    rows = await queries.search_sellers(ctx.db, *wanted, limit, (page - 1) * limit)
    total = await queries.count_sellers(ctx.db, *wanted)
    return PublicStores(items=[_public(row) for row in rows], page=page, limit=limit, total=total)


@post("/api/sellers", audience=Audience.CUSTOMER, status=201)
async def register_store(
    ctx: Ctx, caller: SignedIn, data: JSONBody[StoreInput], idempotency_key: IdempotencyKey
) -> Dossier:
    """A person has one store, so that a second registration is refused whatever key it comes under."""
    given = {name: getattr(data, name) for name in Profile.__struct_fields__}
    return _dossier(
        await stores.register(ctx, caller, Profile(**given), None if data.bank is None else _bank(data.bank))
    )


@get("/api/sellers/mine", audience=Audience.CUSTOMER)
async def my_store(ctx: Ctx, caller: SignedIn) -> Dossier:
    return _dossier(await stores.own_store(ctx, caller))


@patch("/api/sellers/mine", audience=Audience.SELLER)
async def change_store(
    ctx: Ctx, caller: SignedIn, data: JSONBody[StoreChange], idempotency_key: IdempotencyKey
) -> Dossier:
    """The same change again changes nothing, whatever key it comes under."""
    changes = {
        name: value for name in Profile.__struct_fields__ if not isinstance(value := getattr(data, name), UnsetType)
    }
    bank = None if isinstance(data.bank, UnsetType) else _bank(data.bank)
    return _dossier(await stores.change_profile(ctx, caller, changes, bank))


@get("/api/sellers/mine/history", audience=Audience.SELLER)
async def my_history(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> History:
    store = await stores.own_store(ctx, caller)
    return await _history(ctx, store.id, page, limit)


async def _history(ctx: Ctx, seller_id: UUID, page: int, limit: int) -> History:
    items = await queries.find_history(ctx.db, seller_id, limit, (page - 1) * limit)
    return History(items=items, page=page, limit=limit, total=await queries.count_history(ctx.db, seller_id))


@get("/api/sellers/all", audience=Audience.ADMIN)
async def all_stores(
    ctx: Ctx,
    q: FromQuery[str | None] = None,
    status: FromQuery[SellerStatus | None] = None,
    verification_status: FromQuery[VerificationStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Dossiers:
    wanted = (status, verification_status, q or None)
    rows = await queries.search_sellers(ctx.db, *wanted, limit, (page - 1) * limit)
    total = await queries.count_sellers(ctx.db, *wanted)
    return Dossiers(items=[_dossier(row) for row in rows], page=page, limit=limit, total=total)


@get("/api/sellers/slug/{slug:str}", audience=Audience.PUBLIC)
async def store_by_slug(ctx: Ctx, slug: FromPath[str]) -> PublicStore:
    return _public(stores.public_store(await queries.find_seller_by_slug(ctx.db, slug.lower())))


@get("/api/sellers/{seller_id:uuid}", audience=Audience.PUBLIC)
async def one_store(ctx: Ctx, seller_id: FromPath[UUID]) -> PublicStore:
    return _public(stores.public_store(await queries.find_seller(ctx.db, seller_id)))


@get("/api/sellers/{seller_id:uuid}/offers", audience=Audience.PUBLIC)
async def offers_of_store(
    ctx: Ctx, seller_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> StoreOffers:
    """What an active store has free."""
    stores.public_store(await queries.find_seller(ctx.db, seller_id))
    items = await stock_queries.find_offers_of(ctx.db, seller_id, limit, (page - 1) * limit)
    total = await stock_queries.count_offers_of(ctx.db, seller_id)
    return StoreOffers(items=items, page=page, limit=limit, total=total)


@get("/api/sellers/{seller_id:uuid}/dossier", audience=Audience.ADMIN)
async def store_dossier(ctx: Ctx, seller_id: FromPath[UUID]) -> Dossier:
    found = await queries.find_seller(ctx.db, seller_id)
    if found is None:
        raise contract.SellerNotFound()
    return _dossier(found)


@get("/api/sellers/{seller_id:uuid}/history", audience=Audience.ADMIN)
async def store_history(ctx: Ctx, seller_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20) -> History:
    return await _history(ctx, seller_id, page, limit)


@post("/api/sellers/{seller_id:uuid}/verification", audience=Audience.ADMIN)
async def decide_verification(
    ctx: Ctx,
    caller: SignedIn,
    seller_id: FromPath[UUID],
    data: JSONBody[VerificationDecision],
    idempotency_key: IdempotencyKey,
) -> Dossier:
    """A decision is made once: the second finds nothing that waits for one."""
    if data.decision is Decision.REJECTED and not data.reason.strip():
        raise InvalidInput("A rejection needs a reason", field="reason")
    return _dossier(await stores.decide_verification(ctx, caller, seller_id, data.decision, data.reason.strip()))


@post("/api/sellers/{seller_id:uuid}/status", audience=Audience.ADMIN)
async def change_status(
    ctx: Ctx,
    caller: SignedIn,
    seller_id: FromPath[UUID],
    data: JSONBody[StatusChange],
    idempotency_key: IdempotencyKey,
) -> Dossier:
    """A move is made once: the second time it is none."""
    if data.status in (SellerStatus.SUSPENDED, SellerStatus.INACTIVE) and not data.reason.strip():
        raise InvalidInput("Suspending or retiring a store needs a reason", field="reason")
    return _dossier(await stores.change_status(ctx, caller, seller_id, data.status, data.reason.strip()))


routes = [
    list_stores,
    register_store,
    my_store,
    change_store,
    my_history,
    all_stores,
    store_by_slug,
    one_store,
    offers_of_store,
    store_dossier,
    store_history,
    decide_verification,
    change_status,
]
