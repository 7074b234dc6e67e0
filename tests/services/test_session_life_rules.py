"""The life of a session by its rules alone: every step against DOMAIN.md 2, and whole lives drawn at random."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from patungan.kernel.money import Rupiah
from patungan.kernel.time import JAKARTA
from patungan.services.group_buying import rules
from patungan.services.group_buying.rules import Phase, Prices, Refusal, Status, VariantState
from tests.services.test_bundle_rules import tolerated, unhurried

MOVES = {
    Status.DRAFT: {Status.FORMING},
    Status.FORMING: {
        *(Status.MOQ_REACHED, Status.PENDING_STOCK, Status.SUCCESS, Status.FAILED, Status.CANCELLED),
    },
    Status.MOQ_REACHED: {Status.PENDING_STOCK, Status.SUCCESS, Status.CANCELLED},
    Status.PENDING_STOCK: {Status.STOCK_RECEIVED, Status.CANCELLED},
    Status.STOCK_RECEIVED: {Status.SUCCESS},
    Status.SUCCESS: {Status.ORDERS_CREATED},
    Status.ORDERS_CREATED: set(),
    Status.FAILED: set(),
    Status.CANCELLED: set(),
}
"""DOMAIN.md 2, group_status, with the draft before it."""

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


def _phases(status: Status) -> list[Phase]:
    """Every phase that a session of that status can be in."""
    return [
        rules.phase_of(status, NOW + timedelta(hours=hours), NOW, claimed=claimed)
        for hours in (-1, 1)
        for claimed in (False, True)
    ]


@pytest.mark.parametrize(("status", "to"), list(itertools.permutations(Status, 2)))
def test_the_steps_lead_where_the_domain_allows_and_nowhere_else(status: Status, to: Status) -> None:
    paid = 0 if status in (Status.DRAFT, Status.FORMING) else 5
    found = [rules.transition_to(to, phase, paid) for phase in _phases(status)]
    assert any(found) is (to in MOVES[status])


def test_a_phase_leads_to_a_status_by_one_step_at_most_and_names_are_unique() -> None:
    names = [each.name for each in rules.TRANSITIONS]
    assert len(set(names)) == len(names)
    for phase in Phase:
        targets = [each.to for each in rules.TRANSITIONS if each.to and each.permits(phase, 0)]
        assert len(set(targets)) == len(targets)
    stuck = {phase for phase in Phase if not any(each.to and each.permits(phase, 0) for each in rules.TRANSITIONS)}
    assert stuck == {Phase.ORDERS_CREATED, Phase.FAILED, Phase.CANCELLED}


@pytest.mark.parametrize(
    ("step", "phases"),
    [
        (rules.PUBLISH, {Phase.DRAFT}),
        (rules.CHANGE, {Phase.DRAFT, Phase.SCHEDULED, Phase.FORMING}),
        (rules.DELETE, {Phase.DRAFT, Phase.SCHEDULED, Phase.FORMING}),
        (rules.START, {Phase.FORMING, Phase.MOQ_REACHED}),
        (rules.END_EARLY, {Phase.FORMING, Phase.MOQ_REACHED}),
        (rules.CLAIM, {Phase.FORMING, Phase.MOQ_REACHED}),
        (rules.GUARANTEE, {Phase.FORMING, Phase.MOQ_REACHED, Phase.CLOSING}),
        (rules.FAIL, {Phase.CLOSING}),
        (rules.AWAIT_STOCK, {Phase.CLOSING}),
        (rules.START_PRODUCTION, {Phase.PENDING_STOCK}),
        (rules.COMPLETE_PRODUCTION, {Phase.PENDING_STOCK}),
        (rules.RECEIVE_STOCK, {Phase.PENDING_STOCK}),
        (rules.SUCCEED, {Phase.CLOSING, Phase.STOCK_RECEIVED}),
        (rules.CREATE_ORDERS, {Phase.SUCCESS}),
        (rules.CANCEL, {Phase.SCHEDULED, Phase.FORMING, Phase.MOQ_REACHED, Phase.PENDING_STOCK}),
        (rules.RENEW, {Phase.ORDERS_CREATED, Phase.FAILED}),
    ],
    ids=lambda value: value.name if isinstance(value, rules.Transition) else "",
)
def test_each_step_is_for_its_phases_alone(step: rules.Transition, phases: set[Phase]) -> None:
    assert {phase for phase in Phase if step.permits(phase, 0)} == phases


def test_a_session_that_somebody_paid_for_neither_fails_nor_changes_nor_goes() -> None:
    for step in (rules.FAIL, rules.CHANGE, rules.DELETE):
        assert not any(step.permits(phase, 1) for phase in Phase)
    assert rules.CANCEL.permits(Phase.PENDING_STOCK, 1)


def test_an_open_session_is_scheduled_until_it_starts_and_closing_once_it_is_claimed() -> None:
    later = NOW + timedelta(seconds=1)
    assert rules.phase_of(Status.FORMING, later, NOW, claimed=False) is Phase.SCHEDULED
    assert rules.phase_of(Status.FORMING, NOW, NOW, claimed=False) is Phase.FORMING
    assert rules.phase_of(Status.MOQ_REACHED, NOW, NOW, claimed=True) is Phase.CLOSING
    assert rules.phase_of(Status.DRAFT, later, NOW, claimed=False) is Phase.DRAFT
    assert rules.phase_of(Status.CANCELLED, NOW, NOW, claimed=True) is Phase.CANCELLED


def _jakarta(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=JAKARTA)


@pytest.mark.parametrize(
    ("ended_at", "now", "starts_at"),
    [
        (_jakarta(23, 14), _jakarta(23, 14, 1), _jakarta(24)),
        (_jakarta(23, 23, 59), _jakarta(24, 0, 1), _jakarta(24)),
        (_jakarta(24), _jakarta(24, 0, 1), _jakarta(24)),  # a day's session is followed by the next day's
        (_jakarta(24), _jakarta(24, 1, 0), _jakarta(25)),
        (_jakarta(23, 14), _jakarta(26, 9), _jakarta(27)),  # its goods took three days to come
    ],
)
def test_the_next_day_s_session_runs_from_midnight_to_midnight(
    ended_at: datetime, now: datetime, starts_at: datetime
) -> None:
    assert rules.renewed_window(ended_at, now) == (starts_at, starts_at + timedelta(hours=24))


@unhurried
@given(st.integers(0, 500_000), st.integers(0, 60 * 24 * 9))
def test_a_renewed_session_is_a_jakarta_day_that_is_not_yet_spent(minute: int, minutes: int) -> None:
    ended_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    now = ended_at + timedelta(minutes=minutes)
    starts_at, ends_at = rules.renewed_window(ended_at, now)
    local = starts_at.astimezone(JAKARTA)
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    assert ends_at - starts_at == timedelta(hours=24)
    assert starts_at >= ended_at
    assert now - rules.RENEWAL_GRACE < starts_at <= now + timedelta(hours=24)


@dataclass
class Place:
    """A participation of a drawn session."""

    user: UUID
    place: int
    quantity: int
    unit_price: int
    status: str = "held"


USERS = [UUID(int=number) for number in range(4)]


class SessionLife(RuleBasedStateMachine):
    """One session from its opening to its end, joined, paid, left, filled, claimed, cancelled in any order."""

    @initialize(
        moq=st.integers(2, 40),
        steps=st.lists(st.integers(0, 500), min_size=4, max_size=4),
        bundles=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 12), st.integers(0, 8)), min_size=2, max_size=3),
        bundled=st.booleans(),
        limit=st.none() | st.integers(1, 40),
    )
    def opened(
        self, moq: int, steps: list[int], bundles: list[tuple[int, int, int]], bundled: bool, limit: int | None
    ) -> None:
        self.limit = limit
        lowest = 1_000
        rising = [lowest + sum(steps[:count]) for count in range(5)]
        self.prices = Prices(*(Rupiah(price) for price in reversed(rising)))
        assert self.prices.in_order
        self.moq, self.bundled = moq, bundled
        self.variants = [
            VariantState(UUID(int=place), 0, free, units if bundled else None, units - 1 + more if bundled else None)
            for place, (units, more, free) in enumerate(bundles)
        ]
        self.now, self.starts_at = NOW, NOW + timedelta(minutes=30)
        self.ends_at = self.starts_at + timedelta(hours=3)
        self.status, self.claimed, self.fill = Status.FORMING, False, 0
        self.places: list[Place] = []
        self.statuses = [self.status]
        self.tiers: list[int] = []

    @property
    def paid(self) -> int:
        return sum(each.quantity for each in self.places if each.status == "paid")

    @property
    def phase(self) -> Phase:
        return rules.phase_of(self.status, self.starts_at, self.now, claimed=self.claimed)

    def _desk(self) -> rules.Desk:
        holds: dict[UUID, int] = {}
        units: dict[UUID, int] = {}
        for each in self.places:
            holds[each.user] = holds.get(each.user, 0) + (each.status == "held")
            units[each.user] = units.get(each.user, 0) + (each.quantity if each.status != "released" else 0)
        return rules.Desk(
            self.status, self.starts_at, self.ends_at, self.claimed, [*self.variants], holds, units, self.limit
        )

    def _units_of(self, user: UUID) -> int:
        return sum(each.quantity for each in self.places if each.user == user and each.status != "released")

    def _change(self, place: int, units: int) -> list[VariantState]:
        changed = [*self.variants]
        each = changed[place]
        changed[place] = VariantState(
            each.variant_id, each.demand + units, each.free_stock, each.units_per_bundle, each.max_excess
        )
        return changed

    @rule(minutes=st.integers(1, 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(user=st.sampled_from(USERS), place=st.integers(0, 3), quantity=st.integers(1, 15))
    def join(self, user: UUID, place: int, quantity: int) -> None:
        held = sum(each.status == "held" and each.user == user for each in self.places)
        variant_id = UUID(int=place)
        verdict = self._desk().decide(rules.JoinWish(user, variant_id, quantity), self.now)
        if self.phase not in (Phase.SCHEDULED, Phase.FORMING, Phase.MOQ_REACHED):
            assert isinstance(verdict, rules.Refused)
            assert verdict.refusal in (Refusal.NOT_OPEN, Refusal.ENDED)
        elif self.now >= self.ends_at or self.now < self.starts_at:
            early = self.now < self.starts_at
            assert verdict == rules.Refused(Refusal.NOT_STARTED if early else Refusal.ENDED)
        elif place >= len(self.variants):
            assert verdict == rules.Refused(Refusal.NO_SUCH_VARIANT)
        elif held >= rules.MAX_OPEN_HOLDS:
            assert verdict == rules.Refused(Refusal.TOO_MANY_HOLDS)
        else:
            after = self._change(place, quantity)
            if isinstance(verdict, rules.Accepted):
                assert verdict.position == place
                if self.bundled:
                    # Where somebody has left, more may be over than is tolerated; a join never adds a bundle to that.
                    worse = rules.bundles_needed(after) > rules.bundles_needed(self.variants)
                    assert tolerated(after) or (not tolerated(self.variants) and not worse)
                self.variants = after
                self.places.append(Place(user, place, quantity, self.prices.base))
            elif verdict.refusal is Refusal.BUYER_LIMIT:
                assert self.limit is not None
                assert verdict.available == max(0, self.limit - self._units_of(user))
                assert quantity > verdict.available
            else:
                assert verdict.refusal is Refusal.QUANTITY
                assert self.bundled
                assert verdict.available == rules.available(self.variants, place)
                assert verdict.available is not None
                assert quantity > verdict.available
                assert not tolerated(after)

    @precondition(lambda self: self.status in rules.OPEN and any(each.status == "held" for each in self.places))
    @rule(data=st.data())
    def pay(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([each for each in self.places if each.status == "held"]))
        place.status = "paid"
        if self.paid >= self.moq and self.status is Status.FORMING:
            step = rules.transition_to(Status.MOQ_REACHED, self.phase, self.paid)
            assert step is rules.REACH_MOQ
            self._go(step)
        if self.fill and not self.claimed:
            self.fill = rules.platform_fill(self.paid, self.moq)

    @precondition(lambda self: any(each.status == "held" for each in self.places))
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([each for each in self.places if each.status == "held"]))
        place.status = "released"
        self.variants = self._change(place.place, -place.quantity)

    @precondition(lambda self: rules.GUARANTEE.permits(self.phase, self.paid))
    @rule()
    def guarantee(self) -> None:
        if self.ends_at - self.now <= rules.NEAR_EXPIRATION:
            self.fill = rules.platform_fill(self.paid, self.moq)
            assert self.fill == 0 or self.paid + self.fill == -(-self.moq // 4)
            assert self.fill == 0 or self.paid > 0

    @rule(step=st.sampled_from(rules.TRANSITIONS))
    def attempt(self, step: rules.Transition) -> None:
        if step in (rules.DELETE, rules.REACH_MOQ) or not step.permits(self.phase, self.paid):
            return
        if step is rules.CLAIM and self.now < self.ends_at:
            return
        if step.to in (Status.PENDING_STOCK, Status.SUCCESS) and not self.paid:
            return
        if step is rules.CLAIM:
            self.claimed = True
        if step is rules.END_EARLY:
            self.ends_at = min(self.ends_at, self.now)
        if step is rules.CANCEL:
            self.claimed = True
        if step.to is not None:
            self._go(step)
        if step is rules.SUCCEED:
            self._settle()

    def _go(self, step: rules.Transition) -> None:
        assert step.to is not None
        assert step.to in MOVES[self.status]
        self.status = step.to
        self.statuses.append(step.to)

    def _settle(self) -> None:
        tier = rules.tier_of(self.paid, self.moq)
        price = self.prices.at(tier)
        for each in self.places:
            if each.status != "paid":
                continue
            back = rules.cashback(self.prices.base, price, each.quantity)
            final = each.unit_price - (self.prices.base - price)
            assert 1 <= final <= each.unit_price
            assert final * each.quantity + back == each.unit_price * each.quantity

    @invariant()
    def everything_adds_up(self) -> None:
        if not hasattr(self, "places"):
            return
        for place, variant in enumerate(self.variants):
            taken = sum(each.quantity for each in self.places if each.place == place and each.status != "released")
            assert variant.demand == taken, "demand is what people hold or paid; the platform's units are none"
        for user in USERS:
            held = sum(each.status == "held" and each.user == user for each in self.places)
            assert held <= rules.MAX_OPEN_HOLDS
            assert self.limit is None or self._units_of(user) <= self.limit
        assert 0 <= self.fill <= -(-self.moq // 4)
        tier = rules.tier_of(self.paid, self.moq)
        assert self.prices.at(tier) <= self.prices.base
        assert tier == 25 or self.paid >= rules.tier_starts_at(tier, self.moq)
        assert rules.tier_of(self.paid, self.moq) >= max(self.tiers, default=25), "who has paid stays paid"
        self.tiers.append(tier)
        assert (self.status is Status.FAILED) <= (self.paid == 0)
        assert rules.progress_percent(self.paid, self.moq) == 100 * self.paid // self.moq

    @invariant()
    def what_is_final_stays(self) -> None:
        if hasattr(self, "statuses"):
            assert not any(status in rules.FINAL for status in self.statuses[:-1])


TestSessionLife = SessionLife.TestCase
TestSessionLife.settings = settings(unhurried, max_examples=60, stateful_step_count=40)
