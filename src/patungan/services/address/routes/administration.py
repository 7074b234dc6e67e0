"""What administrators see and decide: all addresses, how they are spread, what was refused, and where we deliver."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from patungan.kernel.http import Ctx, Input, PageLimit, PageNumber, SignedIn, delete, get, put
from patungan.kernel.identity import Audience
from patungan.kernel.time import JAKARTA
from patungan.services.address import queries
from patungan.services.address.operations import coverage
from patungan.services.address.queries import AreaRuleRow, RefusedPlaces, SomebodysAddress, Totals
from patungan.services.address.regions import all_regions
from patungan.services.address.rules import AreaRule

OptionalRegion = Annotated[str | None, QueryParameter(pattern=r"^[0-9]{2}(\.[0-9]{2}){0,2}$")]
AnyRegion = Annotated[str, QueryParameter(pattern=r"^([0-9]{2}(\.[0-9]{2}){0,2})?$")]
AnyCourier = Annotated[str, QueryParameter(pattern=r"^([a-z0-9_]{2,20})?$")]
Since = Annotated[date | None, QueryParameter()]
MOST_REGIONS = 100
CITY_CODE, PROVINCE_CODE = 5, 2


class AllAddresses(msgspec.Struct, frozen=True):
    items: list[SomebodysAddress]
    page: int
    limit: int
    total: int


class Spread(msgspec.Struct, frozen=True):
    """How many addresses a region has."""

    code: str
    name: str
    addresses: int


class Analytics(msgspec.Struct, frozen=True):
    """Where people live: by province, or by city within the province asked for, the fullest first."""

    totals: Totals
    regions: list[Spread]
    geocodings_today: int
    daily_quota: int


class RefusedList(msgspec.Struct, frozen=True):
    """Places that people wrote and that do not exist, by day, field and error code; of the last thirty days unless said."""

    items: list[RefusedPlaces]
    page: int
    limit: int
    total: int


class AreaRules(msgspec.Struct, frozen=True):
    items: list[AreaRuleRow]


class AreaRuleInput(Input, frozen=True):
    """Serve a region, or no longer; an empty region is the whole country, an empty courier all of them."""

    region_code: Annotated[str, Meta(pattern=r"^([0-9]{2}(\.[0-9]{2}){0,2})?$")]
    served: bool
    reason: Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^\S(.*\S)?$")]
    courier: Annotated[str, Meta(pattern=r"^([a-z0-9_]{2,20})?$")] = ""


@get("/api/addresses/all", audience=Audience.ADMIN)
async def all_addresses(
    ctx: Ctx,
    region: OptionalRegion = None,
    user_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AllAddresses:
    total = await queries.count_all(ctx.db, region, user_id)
    rows = await queries.find_all(ctx.db, region, user_id, limit, (page - 1) * limit)
    return AllAddresses(rows, page, limit, total)


@get("/api/addresses/analytics", audience=Audience.ADMIN)
async def analytics(
    ctx: Ctx, province: Annotated[str | None, QueryParameter(pattern=r"^[0-9]{2}$")] = None
) -> Analytics:
    length = CITY_CODE if province else PROVINCE_CODE
    counted = await queries.count_by_region(ctx.db, length, province, MOST_REGIONS)
    atlas = (await all_regions()).atlas
    spread = [
        Spread(each.code, atlas.name(place) if (place := atlas.numbered(each.code)) is not None else "", each.addresses)
        for each in counted
    ]
    today = ctx.clock.now().astimezone(JAKARTA).date()
    asked = await queries.asked_on(ctx.db, today) or 0
    return Analytics(await queries.totals(ctx.db), spread, asked, ctx.settings.google_maps_daily_quota)


@get("/api/addresses/validation-errors", audience=Audience.ADMIN)
async def validation_errors(
    ctx: Ctx, since: Since = None, until: Since = None, page: PageNumber = 1, limit: PageLimit = 20
) -> RefusedList:
    last = until or ctx.clock.now().astimezone(JAKARTA).date()
    first = since or last - timedelta(days=30)
    total = await queries.count_refused_places(ctx.db, first, last)
    rows = await queries.find_refused_places(ctx.db, first, last, limit, (page - 1) * limit)
    return RefusedList(rows, page, limit, total)


@get("/api/addresses/service-area", audience=Audience.ADMIN)
async def area_rules(ctx: Ctx) -> AreaRules:
    return AreaRules(await coverage.rules(ctx))


@put("/api/addresses/service-area", audience=Audience.ADMIN)
async def set_area_rule(ctx: Ctx, caller: SignedIn, data: JSONBody[AreaRuleInput]) -> AreaRuleRow:
    rule = AreaRule(data.region_code, data.courier, data.served)
    return await coverage.set_rule(ctx, caller.user_id, rule, data.reason)


@delete("/api/addresses/service-area", audience=Audience.ADMIN)
async def remove_area_rule(ctx: Ctx, region_code: AnyRegion = "", courier: AnyCourier = "") -> None:
    await coverage.remove_rule(ctx, region_code, courier)


routes = [all_addresses, analytics, validation_errors, area_rules, set_area_rule, remove_area_rule]
