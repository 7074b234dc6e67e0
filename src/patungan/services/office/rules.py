"""Decisions of office: moves of offices, staff, tasks and pickups, and who in an office may do what. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec


class OfficeStatus(enum.StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    TEMPORARILY_CLOSED = "temporarily_closed"


class StaffRole(enum.StrEnum):
    OFFICE_MANAGER = "office_manager"
    FIELD_COORDINATOR = "field_coordinator"
    LOGISTICS_STAFF = "logistics_staff"
    ADMIN_STAFF = "admin_staff"
    WAREHOUSE_STAFF = "warehouse_staff"


class StaffStatus(enum.StrEnum):
    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    SUSPENDED = "suspended"
    RESIGNED = "resigned"


class TaskStatus(enum.StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


class PickupStatus(enum.StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class InteractionKind(enum.StrEnum):
    FACTORY_VISIT = "factory_visit"
    REGISTRATION = "registration"
    PICKUP = "pickup"
    ISSUE_RESOLUTION = "issue_resolution"
    TRAINING = "training"
    QUALITY_CHECK = "quality_check"
    PHONE_CALL = "phone_call"
    OTHER = "other"


OFFICE_MOVES: dict[OfficeStatus, frozenset[OfficeStatus]] = {
    OfficeStatus.ACTIVE: frozenset({OfficeStatus.INACTIVE, OfficeStatus.TEMPORARILY_CLOSED}),
    OfficeStatus.TEMPORARILY_CLOSED: frozenset({OfficeStatus.ACTIVE, OfficeStatus.INACTIVE}),
    OfficeStatus.INACTIVE: frozenset({OfficeStatus.ACTIVE}),
}
STAFF_MOVES: dict[StaffStatus, frozenset[StaffStatus]] = {
    StaffStatus.ACTIVE: frozenset({StaffStatus.ON_LEAVE, StaffStatus.SUSPENDED, StaffStatus.RESIGNED}),
    StaffStatus.ON_LEAVE: frozenset({StaffStatus.ACTIVE, StaffStatus.SUSPENDED, StaffStatus.RESIGNED}),
    StaffStatus.SUSPENDED: frozenset({StaffStatus.ACTIVE, StaffStatus.RESIGNED}),
    StaffStatus.RESIGNED: frozenset(),
}
TASK_MOVES: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.OPEN: frozenset({TaskStatus.IN_PROGRESS, TaskStatus.DONE, TaskStatus.CANCELLED}),
    TaskStatus.IN_PROGRESS: frozenset({TaskStatus.DONE, TaskStatus.CANCELLED}),
    TaskStatus.DONE: frozenset(),
    TaskStatus.CANCELLED: frozenset(),
}
PICKUP_MOVES: dict[PickupStatus, frozenset[PickupStatus]] = {
    PickupStatus.SCHEDULED: frozenset({PickupStatus.IN_PROGRESS, PickupStatus.CANCELLED}),
    PickupStatus.IN_PROGRESS: frozenset({PickupStatus.COMPLETED, PickupStatus.FAILED}),
    PickupStatus.COMPLETED: frozenset(),
    PickupStatus.FAILED: frozenset(),
    PickupStatus.CANCELLED: frozenset(),
}
"""The only moves (DOMAIN.md 2)."""

DEFAULT_COMMISSION_PERCENT = 10
"""Of the platform's commission, unless the office has another share."""


class CheckedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that was looked at on site."""

    item: str
    passed: bool
    note: str = ""


def all_passed(checklist: Sequence[CheckedItem]) -> bool:
    """Whether a verification on site found everything in order."""
    return all(each.passed for each in checklist)


def may_take_tasks(status: StaffStatus, *, is_available: bool) -> bool:
    """Whether somebody can be sent now: at work, and said to be available."""
    return status is StaffStatus.ACTIVE and is_available


def may_lead(role: StaffRole) -> bool:
    """Whether somebody hands out the office's work: its manager and the field coordinators."""
    return role in (StaffRole.OFFICE_MANAGER, StaffRole.FIELD_COORDINATOR)
