"""The contract of factory: profiles as other services see them, without bank account and tax number."""

from __future__ import annotations

from uuid import UUID

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem


class GetFactories(Message, frozen=True):
    """Asks for factories by id; unknown ids are left out of the answer."""

    factory_ids: list[UUID]


class GetOwnedFactories(Message, frozen=True):
    """Asks for the factories of an owner."""

    owner_id: UUID


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


class NibTaken(Problem):
    code, status, title = "nib_taken", 409, "A factory with this business number exists already"


@event("factory", "factory.verified")
class FactoryVerified(Message, frozen=True):
    factory_id: UUID
    owner_id: UUID
    name: str


@event("factory", "factory.status_changed")
class FactoryStatusChanged(Message, frozen=True):
    factory_id: UUID
    owner_id: UUID
    name: str
    status: str


@event("factory", "factory.profile_changed")
class FactoryProfileChanged(Message, frozen=True):
    """What everybody sees of a factory from now on."""

    factory_id: UUID
    owner_id: UUID
    name: str
    city: str
    province: str
