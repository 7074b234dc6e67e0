"""SQL of stores and of who changed their standing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.seller import Seller
from patungan.kernel import sql
from patungan.kernel.banks import BankCode
from patungan.services.seller.rules import SellerStatus, SellerType, VerificationStatus


class SellerRow(msgspec.Struct, frozen=True):
    """A store with everything but what is encrypted of its bank account."""

    id: UUID
    user_id: UUID
    type: SellerType
    status: SellerStatus
    verification_status: VerificationStatus
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
    bank_code: BankCode | None
    bank_account_name: str | None
    bank_account_last4: str | None
    rejection_reason: str | None
    created_at: datetime
    verified_at: datetime | None


class HistoryRow(msgspec.Struct, frozen=True):
    """A change of a store's standing: what it was about, who made it and why."""

    at: datetime
    actor: UUID
    subject: str
    before: str | None
    after: str
    reason: str


class SealedAccount(msgspec.Struct, frozen=True):
    """A bank account as it is stored; the number is encrypted."""

    seller_id: UUID
    bank_code: BankCode
    account_name: str
    sealed: bytes


_CONTRACT = """id, user_id, name, slug, status, verification_status, phone, line, district, city, province,
    postal_code"""
_ROW = """id, user_id, type, status, verification_status, name, slug, description, nib, npwp, licence_url, logo_url, phone,
    email, line, district, city, province, postal_code, bank_code, bank_account_name, bank_account_last4,
    rejection_reason, created_at, verified_at"""

find_contract_sellers = sql.many(Seller, f"select {_CONTRACT} from sellers where id = any($1::uuid[]) order by id")
find_contract_seller_of = sql.many(Seller, f"select {_CONTRACT} from sellers where user_id = $1")
find_accounts = sql.many(
    SealedAccount,
    """
    select id as seller_id, bank_code, bank_account_name as account_name, bank_account as sealed from sellers
    where id = any($1::uuid[]) and bank_account is not null order by id
    """,
)

find_seller = sql.maybe(SellerRow, f"select {_ROW} from sellers where id = $1")
find_seller_by_slug = sql.maybe(SellerRow, f"select {_ROW} from sellers where slug = $1")
find_seller_of = sql.maybe(SellerRow, f"select {_ROW} from sellers where user_id = $1")
lock_seller = sql.maybe(SellerRow, f"select {_ROW} from sellers where id = $1 for update")
lock_seller_of = sql.maybe(SellerRow, f"select {_ROW} from sellers where user_id = $1 for update")
find_sealed_account = sql.maybe(bytes, "select bank_account from sellers where id = $1 and bank_account is not null")

_SEARCH = """
    from sellers
    where ($1::text is null or status = $1) and ($2::text is null or verification_status = $2)
      and ($3::text is null or strpos(lower(name), lower($3)) > 0 or strpos(lower(city), lower($3)) > 0 or slug = lower($3))
"""
search_sellers = sql.many(SellerRow, f"select {_ROW} {_SEARCH} order by lower(name), id limit $4 offset $5")
count_sellers = sql.one(int, f"select count(*) {_SEARCH}")

insert_seller = sql.run(
    """
    insert into sellers (
        id, user_id, type, status, verification_status, name, slug, description, nib, npwp, licence_url, logo_url, phone,
        email, line, district, city, province, postal_code, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
    """
)
update_profile = sql.run(
    """
    update sellers set type = $2, verification_status = $3, name = $4, slug = $5, description = $6, nib = $7, npwp = $8,
        licence_url = $9, logo_url = $10, phone = $11, email = $12, line = $13, district = $14, city = $15,
        province = $16, postal_code = $17, updated_at = $18
    where id = $1
    """
)
update_bank = sql.run(
    """
    update sellers set bank_code = $2, bank_account_name = $3, bank_account = $4, bank_account_last4 = $5 where id = $1
    """
)
update_status = sql.run("update sellers set status = $2, updated_at = $3 where id = $1")
update_verification = sql.run(
    """
    update sellers set verification_status = $2, rejection_reason = $3, verified_at = $4, verified_by = $5,
        updated_at = $6
    where id = $1
    """
)
write_history = sql.run(
    """
    insert into seller_history (seller_id, at, actor, subject, before, after, reason)
    values ($1, $2, $3, $4, $5, $6, $7)
    """
)
find_history = sql.many(
    HistoryRow,
    """
    select at, actor, subject, before, after, reason from seller_history
    where seller_id = $1 order by id desc limit $2 offset $3
    """,
)
count_history = sql.one(int, "select count(*) from seller_history where seller_id = $1")
