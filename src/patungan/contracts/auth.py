"""The contract of auth: accounts as other services see them."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.identity import Role, Scope


class GetUsers(Message, frozen=True):
    """Asks for accounts by id; unknown ids are left out of the answer."""

    user_ids: list[UUID]


class FindUser(Message, frozen=True):
    """Asks for the account with a phone number, in any of its forms."""

    phone: str


class User(Message, frozen=True):
    """An account without its secrets; the phone number is for sending messages, not for showing."""

    id: UUID
    phone: str
    first_name: str
    last_name: str
    role: Role
    status: str


class Users(Message, frozen=True):
    users: list[User]


class GetStaff(Message, frozen=True):
    """Asks for the active accounts that have a scope, super administrators included."""

    scope: Scope


class Staff(Message, frozen=True):
    user_ids: list[UUID]


class GrantRole(Message, frozen=True):
    """Gives an account a role that another service decided on, such as factory owner at registration."""

    user_id: UUID
    role: Role


class EnsureUser(Message, frozen=True):
    """Creates an account for the platform's own purposes (seeding), or answers the one with that phone number."""

    phone: str
    first_name: str
    last_name: str
    password: str
    role: Role = Role.CUSTOMER
    scopes: list[Scope] = msgspec.field(default_factory=list)


class EnsuredUser(Message, frozen=True):
    user_id: UUID


class EnsureAdmin(Message, frozen=True):
    """Creates an administrator for the platform's operator, or answers the one with that phone number, left as it is.

    Raises PhoneInvalid, PasswordTooWeak, and PhoneTaken where the number is a customer's.
    """

    phone: str
    first_name: str
    last_name: str
    password: str
    scopes: list[Scope]


class EnsuredAdmin(Message, frozen=True):
    user_id: UUID
    scopes: list[Scope]
    created: bool


get_users = operation("auth", "get-users", GetUsers, Users)
get_staff = operation("auth", "get-staff", GetStaff, Staff)
find_user = operation("auth", "find-user", FindUser, Users)
grant_role = operation("auth", "grant-role", GrantRole, User)
ensure_user = operation("auth", "ensure-user", EnsureUser, EnsuredUser)
ensure_admin = operation("auth", "ensure-admin", EnsureAdmin, EnsuredAdmin)


class UnknownUser(Problem):
    code, status, title = "unknown_user", 404, "There is no such account"


class PhoneTaken(Problem):
    code, status, title = "phone_taken", 409, "An account with this phone number exists already"


class PhoneInvalid(Problem):
    code, status, title = "phone_invalid", 400, "This is not an Indonesian mobile number"


class PasswordTooWeak(Problem):
    code, status, title = "password_too_weak", 400, "A password has 8 to 72 bytes"


class OtpInvalid(Problem):
    code, status, title = "otp_invalid", 400, "The code is not right"


class OtpExpired(Problem):
    code, status, title = "otp_expired", 400, "The code is no longer valid; ask for a new one"


class OtpTooSoon(Problem):
    code, status, title = "otp_too_soon", 429, "A code was sent a moment ago; wait before asking for another"


class CredentialsInvalid(Problem):
    code, status, title = "credentials_invalid", 401, "The phone number or the password is not right"


class AccountClosed(Problem):
    code, status, title = "account_closed", 403, "This account cannot sign in"


class AccountStatusRefused(Problem):
    code, status, title = "account_status_refused", 409, "This account's status cannot be changed like that"


class RefreshTokenInvalid(Problem):
    code, status, title = "refresh_token_invalid", 401, "Sign in again"


@event("auth", "user.registered")
class UserRegistered(Message, frozen=True):
    user_id: UUID
    role: Role


@event("auth", "user.suspended")
class UserSuspended(Message, frozen=True):
    user_id: UUID
