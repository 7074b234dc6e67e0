"""The contract of factory: profiles as other services see them, without bank account and tax number."""

from __future__ import annotations

import enum
from datetime import date
from uuid import UUID

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem


class GetFactories(Message, frozen=True):
    """Asks for factories by id; unknown ids are left out of the answer."""

    factory_ids: list[UUID]


class Right(enum.StrEnum):
    """What somebody does in a factory's name.

    An owner may do everything. A manager may manage (products, sessions, profile, calendar), fulfil and answer reviews; an
    operator may fulfil (purchase orders, orders, parcels). Money and papers are the owner's alone.
    """

    OWN = "own"
    MANAGE = "manage"
    FULFIL = "fulfil"
    ANSWER_REVIEWS = "answer_reviews"


class GetOwnedFactories(Message, frozen=True):
    """Asks for the factories in whose name a person, their owner or a member of their staff, may do something."""

    owner_id: UUID
    right: Right = Right.OWN


class RegisterFactory(Message, frozen=True):
    """Registers a factory in its owner's name, brought in by an office; ``factory_id`` makes a second request answer the
    first one's factory."""

    factory_id: UUID
    owner_id: UUID
    office_id: UUID
    agent_id: UUID
    name: str
    nib: str
    line: str
    district: str
    city: str
    province: str
    postal_code: str
    description: str = ""
    npwp: str | None = None
    phone: str | None = None
    email: str | None = None


class CapacityQuestion(Message, frozen=True):
    """When would so many units be made, begun the day after?"""

    factory_id: UUID
    quantity: int
    after: date


class GetExpectedDates(Message, frozen=True):
    questions: list[CapacityQuestion]


class ExpectedDate(Message, frozen=True):
    """The day on which the last unit is made, in Asia/Jakarta; None where the factory has not said what it can make, or
    it would take more than a year."""

    factory_id: UUID
    quantity: int
    day: date | None


class ExpectedDates(Message, frozen=True):
    """In the order of the questions."""

    dates: list[ExpectedDate]


class GetOfficeFactories(Message, frozen=True):
    """Asks for the factories that an office looks after."""

    office_id: UUID


class Factory(Message, frozen=True):
    """A factory's profile; ``wholesale_unit`` is the units that purchase orders without bundles are rounded up to."""

    id: UUID
    owner_id: UUID
    code: str
    name: str
    status: str
    verification_status: str
    phone: str
    city: str
    province: str
    postal_code: str
    wholesale_unit: int
    default_warehouse_id: UUID | None
    office_id: UUID | None = None

    @property
    def may_sell(self) -> bool:
        """Whether new sessions may be opened for it."""
        return self.status == "active" and self.verification_status == "verified"


class GetBankAccount(Message, frozen=True):
    """Asks where a factory is paid. For the service that pays it and nobody else."""

    factory_id: UUID


class BankAccount(Message, frozen=True):
    """A factory's bank account in the clear; it shows nothing of itself in a log."""

    bank_code: str
    account_number: str
    account_name: str

    def __repr__(self) -> str:
        return f"BankAccount({self.bank_code})"


class KnownBankAccount(Message, frozen=True):
    """None where the factory has given none."""

    account: BankAccount | None

    def __repr__(self) -> str:
        return f"KnownBankAccount({self.account!r})"


class Factories(Message, frozen=True):
    factories: list[Factory]


get_factories = operation("factory", "get-factories", GetFactories, Factories)
get_owned_factories = operation("factory", "get-owned-factories", GetOwnedFactories, Factories)
get_office_factories = operation("factory", "get-office-factories", GetOfficeFactories, Factories)
register_factory = operation("factory", "register-factory", RegisterFactory, Factory)
get_expected_dates = operation("factory", "get-expected-dates", GetExpectedDates, ExpectedDates)
get_bank_account = operation("factory", "get-bank-account", GetBankAccount, KnownBankAccount)
"""Raises FactoryNotFound."""


class FactoryNotFound(Problem):
    code, status, title = "factory_not_found", 404, "There is no such factory"


class FactoryNotVerifiable(Problem):
    code, status, title = "factory_not_verifiable", 409, "Documents for the verification are missing"


class FactoryStatusRefused(Problem):
    code, status, title = "factory_status_refused", 409, "The factory's status cannot change that way"


class FactoryNotActive(Problem):
    code, status, title = "factory_not_active", 409, "The factory is not verified and active"


class DocumentRefused(Problem):
    code, status, title = "document_refused", 400, "This is no document that can be kept"


class DocumentNotFound(Problem):
    code, status, title = "document_not_found", 404, "There is no such document, or the link has ended"


class InvitationNotFound(Problem):
    code, status, title = "invitation_not_found", 404, "There is no such invitation for you"


class MemberNotFound(Problem):
    code, status, title = "member_not_found", 404, "There is no such member"


class AlreadyMember(Problem):
    code, status, title = "already_member", 409, "This person is a member or invited already"


class NibTaken(Problem):
    code, status, title = "nib_taken", 409, "A factory with this business number exists already"


@event("factory", "factory.verified")
class FactoryVerified(Message, frozen=True):
    factory_id: UUID
    owner_id: UUID
    name: str


@event("factory", "factory.status_changed")
class FactoryStatusChanged(Message, frozen=True):
    """``reason`` says why, where it was suspended or retired."""

    factory_id: UUID
    owner_id: UUID
    name: str
    status: str
    reason: str = ""


@event("factory", "factory.rejected")
class FactoryRejected(Message, frozen=True):
    """The papers were found wanting; ``fields`` are those to mend."""

    factory_id: UUID
    owner_id: UUID
    name: str
    reason: str
    fields: list[str]


@event("factory", "factory.assigned")
class FactoryAssigned(Message, frozen=True):
    """An office looks after the factory from now on; None: none does."""

    factory_id: UUID
    owner_id: UUID
    name: str
    office_id: UUID | None


@event("factory", "factory.member_joined")
class FactoryMemberJoined(Message, frozen=True):
    factory_id: UUID
    owner_id: UUID
    user_id: UUID
    name: str
    role: str


@event("factory", "factory.member_removed")
class FactoryMemberRemoved(Message, frozen=True):
    factory_id: UUID
    owner_id: UUID
    user_id: UUID
    name: str


@event("factory", "factory.profile_changed")
class FactoryProfileChanged(Message, frozen=True):
    """What everybody sees of a factory from now on."""

    factory_id: UUID
    owner_id: UUID
    name: str
    city: str
    province: str
