"""The SQL of factory, on its own schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.factory import Factory
from patungan.kernel import sql
from patungan.kernel.banks import BankCode
from patungan.services.factory.rules import FactoryStatus, VerificationStatus


class FieldReason(msgspec.Struct, frozen=True):
    """What is wrong with a field of a registration."""

    field: str
    reason: str


class FactoryRow(msgspec.Struct, frozen=True):
    """A factory with everything but what is encrypted of its bank account."""

    id: UUID
    owner_id: UUID
    code: str
    name: str
    description: str
    description_en: str
    status: FactoryStatus
    verification_status: VerificationStatus
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
    bank_code: BankCode | None
    bank_account_name: str | None
    bank_account_last4: str | None
    wholesale_unit: int
    default_warehouse_id: UUID | None
    rating_hundredths: int | None
    rejection_reason: str | None
    created_at: datetime
    verified_at: datetime | None
    rejected_fields: list[FieldReason]
    status_reason: str | None
    office_id: UUID | None
    assigned_at: datetime | None
    review_count: int
    review_total: int
    daily_capacity: int | None
    working_days: list[int]


class HistoryRow(msgspec.Struct, frozen=True):
    """A change of a factory's standing: what it was about, who made it and why."""

    at: datetime
    actor: UUID
    subject: str
    before: str | None
    after: str
    reason: str


_CONTRACT = """id, owner_id, code, name, status, verification_status, phone, city, province, postal_code,
    wholesale_unit, default_warehouse_id, office_id"""
_ROW = """id, owner_id, code, name, description, description_en, status, verification_status, nib, npwp, licence_url,
    logo_url, phone, email, line, district, city, province, postal_code, bank_code, bank_account_name,
    bank_account_last4, wholesale_unit, default_warehouse_id, rating_hundredths, rejection_reason, created_at,
    verified_at, rejected_fields, status_reason, office_id, assigned_at, review_count, review_total, daily_capacity,
    working_days"""

find_contract_factories = sql.many(Factory, f"select {_CONTRACT} from factories where id = any($1::uuid[]) order by id")
find_contract_factories_of = sql.many(
    Factory,
    f"""
    select {_CONTRACT} from factories f
    where owner_id = $1 or id in (
        select m.factory_id from factory_members m
        where m.user_id = $1 and m.status = 'active' and m.role = any($2::text[]))
    order by created_at, id
    """,
)
find_contract_factories_of_office = sql.many(
    Factory, f"select {_CONTRACT} from factories where office_id = $1 order by created_at, id"
)

find_factory = sql.maybe(FactoryRow, f"select {_ROW} from factories where id = $1")
find_factory_by_code = sql.maybe(FactoryRow, f"select {_ROW} from factories where code = $1")
lock_factory = sql.maybe(FactoryRow, f"select {_ROW} from factories where id = $1 for update")
find_factories_of = sql.many(
    FactoryRow, f"select {_ROW} from factories where owner_id = $1 order by created_at, id limit $2 offset $3"
)
count_factories_of = sql.one(int, "select count(*) from factories where owner_id = $1")
lock_owner = sql.run("select pg_advisory_xact_lock(hashtextextended('factories of ' || $1::uuid::text, 0))")
nib_is_known = sql.one(bool, "select exists (select from factories where nib = $1)")
find_sealed_account = sql.maybe(bytes, "select bank_account from factories where id = $1 and bank_account is not null")

_SEARCH = """
    from factories
    where ($1::text is null or status = $1) and ($2::text is null or verification_status = $2)
      and ($3::text is null or strpos(lower(name), lower($3)) > 0 or strpos(lower(city), lower($3)) > 0
           or code = upper($3))
"""
search_factories = sql.many(FactoryRow, f"select {_ROW} {_SEARCH} order by lower(name), id limit $4 offset $5")
count_factories = sql.one(int, f"select count(*) {_SEARCH}")

insert_factory = sql.run(
    """
    insert into factories (
        id, owner_id, code, name, description, description_en, status, verification_status, nib, npwp, licence_url,
        logo_url, phone, email, line, district, city, province, postal_code, wholesale_unit, default_warehouse_id,
        created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22)
    on conflict do nothing
    """
)
update_profile = sql.run(
    """
    update factories set
        name = $2, description = $3, description_en = $4, verification_status = $5, nib = $6, npwp = $7,
        licence_url = $8, logo_url = $9, phone = $10, email = $11, line = $12, district = $13, city = $14,
        province = $15, postal_code = $16, wholesale_unit = $17, default_warehouse_id = $18, updated_at = $19
    where id = $1
    """
)
update_bank = sql.run(
    """
    update factories set bank_code = $2, bank_account_name = $3, bank_account = $4, bank_account_last4 = $5
    where id = $1
    """
)
update_status = sql.run("update factories set status = $2, updated_at = $3, status_reason = $4 where id = $1")
update_office = sql.run("update factories set office_id = $2, assigned_at = $3, updated_at = $4 where id = $1")
update_verification = sql.run(
    """
    update factories set verification_status = $2, rejection_reason = $3, verified_at = $4, verified_by = $5,
        updated_at = $6, rejected_fields = $7
    where id = $1
    """
)

write_history = sql.run(
    """
    insert into factory_history (factory_id, at, actor, subject, before, after, reason)
    values ($1, $2, $3, $4, $5, $6, $7)
    """
)
find_history = sql.many(
    HistoryRow,
    """
    select at, actor, subject, before, after, reason from factory_history
    where factory_id = $1 order by id desc limit $2 offset $3
    """,
)
count_history = sql.one(int, "select count(*) from factory_history where factory_id = $1")
