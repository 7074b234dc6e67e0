"""The contract of address: a snapshot of where a parcel goes."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel.contract import Message, operation
from patungan.kernel.errors import Problem


class GetAddress(Message, frozen=True):
    """Asks for an address of this user; raises AddressNotFound for another's."""

    user_id: UUID
    address_id: UUID


class Address(Message, frozen=True):
    """Where a parcel goes; kept whole wherever it was used, since the original may change."""

    id: UUID
    label: str
    recipient: str
    phone: str
    province: str
    city: str
    district: str
    postal_code: str
    line: str
    notes: str
    village: str = ""
    landmark: str = ""
    latitude: float | None = None
    longitude: float | None = None


class GetAddresses(Message, frozen=True):
    """Asks for the addresses of many users at once."""

    wanted: list[GetAddress]


class Addresses(Message, frozen=True):
    """The answers in the order asked; None where the user has no such address."""

    addresses: list[Address | None]
    outside: list[bool] = msgspec.field(default_factory=list)
    """Of each, whether it lies where we do not deliver."""


class GetCoverage(Message, frozen=True):
    """Asks who delivers to a postal code, by the service area's rules."""

    postal_code: str


class Coverage(Message, frozen=True):
    """Whether anything is delivered there, and the couriers that do not."""

    served: bool
    refused_couriers: list[str]


get_address = operation("address", "get-address", GetAddress, Address)
get_addresses = operation("address", "get-addresses", GetAddresses, Addresses)
get_coverage = operation("address", "get-coverage", GetCoverage, Coverage)


class AddressNotFound(Problem):
    code, status, title = "address_not_found", 404, "You have no such address"


class OnlyAddress(Problem):
    code, status, title = "only_address", 409, "The only address cannot be deleted"


class PostalCodeUnknown(Problem):
    code, status, title = "postal_code_unknown", 400, "There is no such postal code in that place"


class OutsideServiceArea(Problem):
    code, status, title = "outside_service_area", 409, "We do not deliver there yet"
