"""The contract of office: agents' offices, and their share of what the factories earn that they look after."""

from __future__ import annotations

from uuid import UUID

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem


class GetOffices(Message, frozen=True):
    """Asks for offices by id; unknown ids are left out of the answer."""

    office_ids: list[UUID]


class Office(Message, frozen=True):
    id: UUID
    code: str
    name: str
    status: str
    city: str
    province: str
    manager_id: UUID | None


class Offices(Message, frozen=True):
    offices: list[Office]


class GetShares(Message, frozen=True):
    """Asks which offices share in the commission on what these factories earn."""

    factory_ids: list[UUID]


class Share(Message, frozen=True):
    """An office's share of the platform's commission on a factory's sales, in whole per cent of the commission."""

    factory_id: UUID
    office_id: UUID
    commission_percent: int


class Shares(Message, frozen=True):
    """Factories that no active office looks after are left out."""

    shares: list[Share]


class GetManagedOffices(Message, frozen=True):
    """Asks for the offices that a person manages."""

    manager_id: UUID


class BankAccount(Message, frozen=True):
    """Where an office is paid; for the payout alone, never to be shown or logged."""

    office_id: UUID
    bank_code: str
    account_number: str
    account_name: str

    def __repr__(self) -> str:
        return f"BankAccount({self.bank_code})"


class BankAccounts(Message, frozen=True):
    """Of the offices that have given one."""

    accounts: list[BankAccount]


get_offices = operation("office", "get-offices", GetOffices, Offices)
get_managed_offices = operation("office", "get-managed-offices", GetManagedOffices, Offices)
get_shares = operation("office", "get-shares", GetShares, Shares)
get_bank_accounts = operation("office", "get-bank-accounts", GetOffices, BankAccounts)


class OfficeNotFound(Problem):
    code, status, title = "office_not_found", 404, "There is no such office"


class OfficeStatusRefused(Problem):
    code, status, title = "office_status_refused", 409, "The office's status cannot change that way"


class StaffNotFound(Problem):
    code, status, title = "staff_not_found", 404, "There is no such member of staff"


class StaffExists(Problem):
    code, status, title = "staff_exists", 409, "This person works for an office already"


class StaffUnavailable(Problem):
    code, status, title = "staff_unavailable", 409, "This member of staff cannot take tasks"


class StaffStatusRefused(Problem):
    code, status, title = "staff_status_refused", 409, "The status of this member of staff cannot change that way"


class FactoryNotLookedAfter(Problem):
    code, status, title = "factory_not_looked_after", 404, "Your office looks after no such factory"


class InteractionNotFound(Problem):
    code, status, title = "interaction_not_found", 404, "There is no such visit"


class TaskNotFound(Problem):
    code, status, title = "task_not_found", 404, "There is no such task"


class TaskStatusRefused(Problem):
    code, status, title = "task_status_refused", 409, "The task's status cannot change that way"


class PickupNotFound(Problem):
    code, status, title = "pickup_not_found", 404, "There is no such pickup task"


class PickupStatusRefused(Problem):
    code, status, title = "pickup_status_refused", 409, "The pickup task's status cannot change that way"


class PickupExists(Problem):
    code, status, title = "pickup_exists", 409, "There is a pickup task for this purchase order already"


class ItemsNotVerified(Problem):
    code, status, title = "items_not_verified", 409, "Not all goods are verified yet"


class ItemRefused(Problem):
    code, status, title = "item_refused", 400, "There are not that many of these goods on the list"


class PickupReviewed(Problem):
    code, status, title = "pickup_reviewed", 409, "This pickup was reviewed already"


@event("office", "office.factory_assigned")
class OfficeFactoryAssigned(Message, frozen=True):
    """``user_id`` is the office's manager, who is told."""

    office_id: UUID
    factory_id: UUID
    factory_name: str
    user_id: UUID


@event("office", "pickup.assigned")
class PickupAssigned(Message, frozen=True):
    pickup_id: UUID
    code: str
    factory_id: UUID
    office_id: UUID
    purchase_order_id: UUID
    user_id: UUID


@event("office", "pickup.completed")
class PickupCompleted(Message, frozen=True):
    pickup_id: UUID
    code: str
    factory_id: UUID
    office_id: UUID
    purchase_order_id: UUID
    user_id: UUID
