"""The four acts: a session that succeeds, one that waits for goods, one that nobody joins, one that is called off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from patungan.kernel.money import format_rupiah
from patungan.operations.demo.buyers import Purchase, Wish, join, open_payment, pay, wallets_match
from patungan.operations.demo.expectations import until
from patungan.operations.demo.figures import Charge, Share, Terms, cashback, charge, divide, rounded_purchase
from patungan.operations.demo.show import Show
from patungan.operations.demo.stage import WHOLESALE_UNIT

FULL_PERCENT = 78
"""How full the first session gets, of its minimum (DOMAIN.md 6.2 has the same)."""

SMALLEST_CROWD = 8
"""Buyers that the story needs: six parts, and others who simply pay."""

OLD_STOCK = 7


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who does what in the first act."""

    plain: Sequence[Wish]
    doubled: Wish
    held: Wish
    unordered: Wish
    late: Wish
    opens_only: Wish
    never: Wish

    @property
    def in_time(self) -> list[Wish]:
        return [*self.plain, self.doubled, self.held, self.unordered]


async def success(show: Show) -> None:
    """Act one: goods are on the shelf, the session closes at a better price, and the difference goes to wallets."""
    show.act("Act 1. A session that succeeds")
    cast = _cast(show)
    units = sum(wish.units for wish in cast.in_time)
    moq = -(-units * 100 // FULL_PERCENT)
    session, terms = await show.stage.open_session(1, moq, bulk_shipping_cost=500_000)
    for variant_id in {wish.variant_id for wish in cast.in_time}:
        wanted = sum(wish.units for wish in cast.in_time if wish.variant_id == variant_id)
        await show.stage.lay_in(1, variant_id, wanted)
    show.say(
        f"{session['code']}: {session['product']['name']}, {format_rupiah(terms.base)} a piece, at least {moq} pieces; "
        f"all {units} that will be sold are on the shelf."
    )
    everybody = [*cast.in_time, cast.late, cast.opens_only, cast.never]
    purchases = await _joined(show, session["id"], terms, everybody)
    by_wish = dict(zip(map(id, everybody), purchases, strict=True))
    paying = [by_wish[id(wish)] for wish in cast.in_time]
    held_back = await _pay_in_time(show, cast, by_wish)
    await show.counted(session["id"], units - cast.held.units)
    show.say("All but the last are counted, each once. Now its word comes, late.")
    for number in held_back:
        await show.sandbox.act(f"/_sandbox/callbacks/{number}/release")
    await show.counted(session["id"], units)
    await open_payment(by_wish[id(cast.late)])
    await open_payment(by_wish[id(cast.opens_only)])
    await show.stage.admin.post(f"/api/group-buying/{session['id']}/end")
    show.say("The administrator ends the session; it closes by itself.")
    closed = await show.ended(session["id"], "orders_created", "pending_stock")
    tier = terms.tier(units)
    show.expect.same("status", "orders_created", closed["status"])
    show.expect.same("tier by paid units", tier, closed["current_tier"])
    show.expect.same("price", format_rupiah(terms.tiers[tier]), format_rupiah(closed["current_price"]))
    show.expect.same(
        "units that the platform had to guarantee", terms.platform_fill(units), closed["platform_quantity"]
    )
    await show.check_orders(session["code"], terms, tier, paying)
    shares = [Share(each.charge, each.adjustment, each.units) for each in paying]
    stock = [(each.adjustment, each.units) for each in paying]
    await show.check_division(session["id"], show.stage.factory_id, divide(terms, shares, stock))
    await _late(show, by_wish[id(cast.late)])
    unpaid = [by_wish[id(cast.opens_only)], by_wish[id(cast.never)]]
    await _check_payments(show, "who did not pay owes nothing", unpaid, "expired", refunded=False)
    show.expect.each_same("wallets after act 1", await wallets_match(show.buyers))


def _cast(show: Show) -> _Cast:
    """Everybody wants one to five shirts of one of the two sizes."""
    variants = list(zip(show.stage.offered[0].variants.values(), (0, 7_500), strict=True))
    wishes = [
        Wish(buyer, variant_id, adjustment, show.rng.randint(1, 5))
        for buyer in show.buyers
        for variant_id, adjustment in [show.rng.choice(variants)]
    ]
    doubled, held, unordered, late, opens_only, never, *plain = wishes
    return _Cast(plain, doubled, held, unordered, late, opens_only, never)


async def _joined(show: Show, session_id: str, terms: Terms, wishes: Sequence[Wish]) -> list[Purchase]:
    def owed(adjustment: int, units: int, leg2: int) -> Charge:
        return charge(terms, adjustment, units, leg2)

    purchases = await show.together("joining", [join(session_id, wish, owed) for wish in wishes])
    show.say(
        f"{len(purchases)} buyers join for {sum(each.units for each in purchases)} pieces and "
        f"{format_rupiah(sum(each.charge.total for each in purchases))} in all, every charge as the rules say."
    )
    return purchases


async def _pay_in_time(show: Show, cast: _Cast, by_wish: dict[int, Purchase]) -> list[int]:
    """Everybody in time pays, some with odd news of it; answers the numbers of the callbacks that are held back."""
    methods = ("BANK_TRANSFER", "EWALLET", "QR_CODE", "CREDIT_CARD")
    plain = [by_wish[id(wish)] for wish in cast.plain]
    await show.together(
        "paying", [pay(show.sandbox, each, methods[place % len(methods)]) for place, each in enumerate(plain)]
    )
    show.say(f"{len(plain)} pay by bank, e-wallet, QRIS and card.")
    await pay(show.sandbox, by_wish[id(cast.doubled)], "EWALLET", callbacks=2)
    await pay(show.sandbox, by_wish[id(cast.unordered)], "BANK_TRANSFER", callback="before_expired")
    numbers = await pay(show.sandbox, by_wish[id(cast.held)], "QR_CODE", callback="hold")
    show.say("One payment is told twice, one is followed by a wrong word of its expiry, the word of one is held back.")
    return numbers


async def _late(show: Show, purchase: Purchase) -> None:
    """A transfer that arrives after the close goes back in full; a bank account takes nothing back, so to the wallet."""
    await pay(show.sandbox, purchase, "BANK_TRANSFER", force=True)
    purchase.paid = False
    buyer = purchase.buyer
    buyer.wallet += purchase.charge.total
    show.say(f"{buyer.person.name} pays too late; {format_rupiah(purchase.charge.total)} must come back.")

    async def is_back() -> bool:
        return bool((await buyer.person.get("/api/wallet/balance"))["balance"] == buyer.wallet)

    await until("the late payment in the buyer's wallet", is_back)
    show.expect.same("late payment back in the wallet", buyer.wallet, (await _balance(purchase)))


async def _balance(purchase: Purchase) -> int:
    return int((await purchase.buyer.person.get("/api/wallet/balance"))["balance"])


async def _check_payments(show: Show, what: str, purchases: Sequence[Purchase], status: str, *, refunded: bool) -> None:
    found = [await each.buyer.person.get(f"/api/payments/{each.payment_id}") for each in purchases]
    pairs: list[tuple[str, object, object]] = [
        (
            each.buyer.person.name,
            (status, each.charge.total if refunded else 0),
            (payment["status"], payment["refunded_amount"]),
        )
        for each, payment in zip(purchases, found, strict=True)
    ]
    show.expect.each_same(what, pairs)


async def waiting_for_goods(show: Show) -> None:
    """Act two: more is sold than lies in the warehouse; the factory makes the rest, and the session goes on."""
    show.act("Act 2. A session that waits for its goods")
    await show.stage.lay_in(2, None, OLD_STOCK)
    session, terms = await show.stage.open_session(2, moq=20, bulk_shipping_cost=130_000)
    wishes = [Wish(buyer, None, 0, show.rng.randint(4, 6)) for buyer in show.buyers[:6]]
    units = sum(wish.units for wish in wishes)
    show.say(f"{session['code']}: {session['product']['name']}; {OLD_STOCK} pieces are on the shelf.")
    purchases = await _joined(show, session["id"], terms, wishes)
    await show.together("paying", [pay(show.sandbox, each, "QR_CODE") for each in purchases])
    await show.counted(session["id"], units)
    await show.stage.admin.post(f"/api/group-buying/{session['id']}/end")
    waiting = await show.ended(session["id"], "pending_stock", "orders_created")
    show.expect.same("status while goods are missing", "pending_stock", waiting["status"])
    await _produce(show, session["id"], units - OLD_STOCK)
    closed = await show.ended(session["id"], "orders_created")
    tier = terms.tier(units)
    show.expect.same("tier by paid units", tier, closed["current_tier"])
    await show.check_orders(session["code"], terms, tier, purchases)
    shares = [Share(each.charge, 0, each.units) for each in purchases]
    await show.check_division(session["id"], show.stage.factory_id, divide(terms, shares, [(0, OLD_STOCK)]))
    back = sum(cashback(terms, tier, each.units) for each in purchases)
    show.say(f"{format_rupiah(back)} of cashback is in wallets.")
    show.expect.each_same("wallets after act 2", await wallets_match(show.buyers))


async def _produce(show: Show, session_id: str, missing: int) -> None:
    """The purchase order goes its way: confirmed, made, shipped by the factory; received in two parts by the warehouse."""
    owner, keeper = show.stage.owner, show.stage.keeper

    async def purchase_order() -> dict[str, Any] | None:
        found = await owner.get("/api/warehouse/purchase-orders", session_id=session_id)
        return found["items"][0] if found["items"] else None

    order = await until("the factory's purchase order", purchase_order)
    path = f"/api/warehouse/purchase-orders/{order['id']}"
    view = await owner.get(path)
    ordered = rounded_purchase(missing, WHOLESALE_UNIT)
    show.expect.same("pieces ordered from the factory", ordered, sum(each["ordered"] for each in view["lines"]))
    await owner.post(f"{path}/status", {"status": "confirmed"})
    await owner.post(f"/api/group-buying/{session_id}/production", {"state": "started"})
    await owner.post(f"{path}/status", {"status": "in_production"})
    await owner.post(f"/api/group-buying/{session_id}/production", {"state": "completed"})
    await owner.post(f"{path}/status", {"status": "shipped"})
    show.say(f"The factory confirms {view['code']}, makes {ordered} pieces and ships them.")
    first = missing - 1
    damaged = min(1, ordered - missing)
    await keeper.post(f"{path}/receipts", {"lines": [{"received": first}]})
    show.expect.same(
        "status after a partial receipt", "pending_stock", (await show.stage.session(session_id))["status"]
    )
    rest = {"received": ordered - first - damaged, "damaged": damaged}
    await keeper.post(f"{path}/receipts", {"lines": [rest]})
    show.say(f"The warehouse receives {first} pieces, then {rest['received']} and {damaged} damaged.")

    async def left_over() -> bool:
        return await show.stage.free_stock(2, None) == ordered - damaged - missing

    await until("the surplus on the shelf", left_over)
    show.expect.same("surplus on the shelf", ordered - damaged - missing, await show.stage.free_stock(2, None))


async def nobody(show: Show) -> None:
    """Act three: nobody comes."""
    show.act("Act 3. A session that nobody joins")
    session, _terms = await show.stage.open_session(3, moq=10, bulk_shipping_cost=100_000)
    await show.stage.admin.post(f"/api/group-buying/{session['id']}/end")
    closed = await show.ended(session["id"], "failed", "orders_created")
    show.expect.same("status", "failed", closed["status"])
    show.expect.same("units that the platform guarantees where nobody pays", 0, closed["platform_quantity"])


async def called_off(show: Show) -> None:
    """Act four: the administrator cancels, and everybody gets everything back, the fee too."""
    show.act("Act 4. A session that is called off")
    session, terms = await show.stage.open_session(4, moq=30, bulk_shipping_cost=100_000)
    wishes = [Wish(buyer, None, 0, show.rng.randint(1, 4)) for buyer in show.buyers[-6:]]
    purchases = await _joined(show, session["id"], terms, wishes)
    methods = ("BANK_TRANSFER", "CREDIT_CARD", "EWALLET", "QR_CODE", "RETAIL_OUTLET")
    paid, unpaid = purchases[:-1], purchases[-1]
    await show.together("paying", [pay(show.sandbox, *each) for each in zip(paid, methods, strict=True)])
    await open_payment(unpaid)
    await show.counted(session["id"], sum(each.units for each in paid))
    await show.stage.admin.post(f"/api/group-buying/{session['id']}/cancel", {"reason": "The demo calls it off."})
    total = sum(each.charge.total for each in paid)
    show.say(f"The administrator cancels; {format_rupiah(total)} of {len(paid)} buyers must go back.")
    closed = await show.ended(session["id"], "cancelled")
    show.expect.same("status", "cancelled", closed["status"])

    async def all_back() -> bool:
        found = [await each.buyer.person.get(f"/api/payments/{each.payment_id}") for each in paid]
        return all(each["status"] == "refunded" for each in found)

    await until("all refunds completed", all_back)
    for purchase, method in zip(paid, methods, strict=True):
        if method in ("BANK_TRANSFER", "RETAIL_OUTLET"):
            purchase.buyer.wallet += purchase.charge.total
    await _check_payments(show, "refunded in full", paid, "refunded", refunded=True)
    await _check_payments(show, "who did not pay owes nothing", [unpaid], "expired", refunded=False)
    show.say("What came by card, e-wallet and QRIS went back there; bank and shop money is in wallets.")
    show.expect.each_same("wallets after act 4", await wallets_match(show.buyers))
