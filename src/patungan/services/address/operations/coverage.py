"""The service area: where we deliver, and which couriers do. Its rules are few and read often, so a process keeps them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from patungan.contracts import address as contract
from patungan.kernel.errors import InvalidInput, NotFound
from patungan.kernel.service import Context, implements
from patungan.services.address import queries
from patungan.services.address.queries import AreaRuleRow
from patungan.services.address.regions import all_regions
from patungan.services.address.rules import AreaRule, ServiceArea

FRESH = timedelta(seconds=5)
"""How long another process may go on with the rules of before."""


class _Kept(msgspec.Struct, frozen=True):
    read_at: datetime
    area: ServiceArea


async def area(ctx: Context) -> ServiceArea:
    """The service area as it was at most five seconds ago."""
    kept: _Kept | None = ctx.local.get("service_area")
    now = ctx.clock.now()
    if kept is None or not kept.read_at <= now < kept.read_at + FRESH:
        rows = await queries.find_area_rules(ctx.db)
        kept = _Kept(now, ServiceArea(AreaRule(row.region_code, row.courier, row.served) for row in rows))
        ctx.local["service_area"] = kept
    return kept.area


async def rules(ctx: Context) -> list[AreaRuleRow]:
    """Every rule, by region."""
    return await queries.find_area_rules(ctx.db)


async def set_rule(ctx: Context, actor: UUID, rule: AreaRule, reason: str) -> AreaRuleRow:
    """Serve a region or no longer; raises InvalidInput for a region that does not exist."""
    if rule.region_code and (await all_regions()).atlas.numbered(rule.region_code) is None:
        raise InvalidInput("There is no region with this code", field="region_code")
    now = ctx.clock.now()
    await queries.set_area_rule(ctx.db, rule.region_code, rule.courier, rule.served, reason, actor, now)
    ctx.local.pop("service_area", None)
    return AreaRuleRow(rule.region_code, rule.courier, rule.served, reason, actor, now)


async def remove_rule(ctx: Context, region_code: str, courier: str) -> None:
    """Take a rule back; what lies around it decides again. Raises NotFound."""
    if not await queries.remove_area_rule(ctx.db, region_code, courier):
        raise NotFound("There is no such rule")
    ctx.local.pop("service_area", None)


@implements(contract.get_coverage)
async def get_coverage(ctx: Context, request: contract.GetCoverage) -> contract.Coverage:
    served = await area(ctx)
    known = await all_regions()
    place = known.by_postal_code(request.postal_code)
    if place is None:
        return contract.Coverage(served=served.serves(""), refused_couriers=served.refused_couriers(""))
    code = known.found(place).district_code
    return contract.Coverage(served=served.serves(code), refused_couriers=served.refused_couriers(code))
