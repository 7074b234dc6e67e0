"""The SQL of a factory's staff and of invitations to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.factory.rules import Member, Membership


class MemberRow(msgspec.Struct, frozen=True):
    """A member of a factory's staff, or somebody who was asked to become one."""

    id: UUID
    factory_id: UUID
    factory_name: str
    phone: str
    user_id: UUID | None
    role: Member
    status: Membership
    invited_at: datetime
    expires_at: datetime
    joined_at: datetime | None
    ended_at: datetime | None


_ROW = """m.id, m.factory_id, f.name as factory_name, m.phone, m.user_id, m.role, m.status, m.invited_at, m.expires_at,
    m.joined_at, m.ended_at"""
_FROM = "from factory_members m join factories f on f.id = m.factory_id"

find_role = sql.maybe(
    Member, "select role from factory_members where factory_id = $1 and user_id = $2 and status = 'active'"
)
find_member = sql.maybe(MemberRow, f"select {_ROW} {_FROM} where m.id = $1")
lock_member = sql.maybe(MemberRow, f"select {_ROW} {_FROM} where m.id = $1 for update of m")
count_members = sql.one(
    int, "select count(*) from factory_members where factory_id = $1 and status in ('invited', 'active')"
)
list_members = sql.many(
    MemberRow,
    f"""
    select {_ROW} {_FROM} where m.factory_id = $1 and m.status in ('invited', 'active')
    order by m.invited_at, m.id limit $2 offset $3
    """,
)
_INVITED = "where m.phone = $1 and m.status = 'invited' and m.expires_at > $2"
count_invitations = sql.one(int, f"select count(*) {_FROM} {_INVITED}")
list_invitations = sql.many(
    MemberRow, f"select {_ROW} {_FROM} {_INVITED} order by m.invited_at desc, m.id limit $3 offset $4"
)
insert_invitation = sql.run(
    """
    insert into factory_members (id, factory_id, phone, role, status, invited_by, invited_at, expires_at)
    values ($1, $2, $3, $4, 'invited', $5, $6, $7) on conflict do nothing
    """
)
forget_lapsed = sql.run(
    """
    update factory_members set status = 'declined', ended_at = $3
    where factory_id = $1 and phone = $2 and status = 'invited' and expires_at <= $3
    """
)
join_as = sql.run("update factory_members set status = 'active', user_id = $2, joined_at = $3 where id = $1")
end_membership = sql.run("update factory_members set status = $2, ended_at = $3 where id = $1")
update_role = sql.run("update factory_members set role = $2 where id = $1")
