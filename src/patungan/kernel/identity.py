"""Who is calling: tokens of people and of services, and the audiences that routes are open to."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
import msgspec

from patungan.kernel.errors import Forbidden, TokenExpired, Unauthenticated

ACCESS_MINUTES = 30
"""Lifetime of an access token (DOMAIN.md 1.1)."""

SERVICE_TOKEN_SECONDS = 60


class Role(enum.StrEnum):
    """What an account is."""

    CUSTOMER = "customer"
    OFFICE_STAFF = "office_staff"
    FACTORY_OWNER = "factory_owner"
    SELLER = "seller"
    ADMIN = "admin"


class Scope(enum.StrEnum):
    """What an administrator or a member of staff may do beyond the role."""

    SUPER_ADMIN = "super_admin"
    PRODUCTS = "products"
    ORDERS = "orders"
    FINANCE = "finance"
    SUPPORT = "support"
    WAREHOUSE = "warehouse"


class Audience(enum.StrEnum):
    """Whom a route is open to. A route without one is closed."""

    PUBLIC = "public"
    CUSTOMER = "customer"
    FACTORY_OWNER = "factory owner"
    SELLER = "seller"
    AGENT = "agent"
    WAREHOUSE = "warehouse"
    FINANCE = "finance"
    ADMIN = "admin"
    SERVICE = "service"
    PROVIDER = "provider"


class Caller(msgspec.Struct, frozen=True):
    """A signed-in person, from a verified token; never from a body, query or header of the client's own making."""

    user_id: UUID
    role: Role
    scopes: frozenset[Scope] = frozenset()

    def belongs_to(self, audience: Audience) -> bool:
        """Whether a route for the audience is open to this person. Any account may buy."""
        match audience:
            case Audience.PUBLIC | Audience.CUSTOMER:
                return True
            case Audience.FACTORY_OWNER:
                return self.role in (Role.FACTORY_OWNER, Role.ADMIN)
            case Audience.SELLER:
                return self.role in (Role.SELLER, Role.ADMIN)
            case Audience.AGENT:
                return self.role in (Role.OFFICE_STAFF, Role.ADMIN)
            case Audience.WAREHOUSE:
                return self.role is Role.ADMIN or Scope.WAREHOUSE in self.scopes
            case Audience.FINANCE:
                return self.is_super_admin or Scope.FINANCE in self.scopes
            case Audience.ADMIN:
                return self.role is Role.ADMIN
            case Audience.SERVICE | Audience.PROVIDER:
                return False

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def is_super_admin(self) -> bool:
        return self.role is Role.ADMIN and Scope.SUPER_ADMIN in self.scopes

    def must_be(self, user_id: UUID) -> None:
        """Raises Forbidden unless this is the person concerned or an administrator."""
        if self.user_id != user_id and not self.is_admin:
            raise Forbidden()


def sign_access_token(secret: str, caller: Caller, now: datetime) -> str:
    """An access token for half an hour."""
    claims = {
        "sub": str(caller.user_id),
        "role": caller.role.value,
        "scopes": sorted(scope.value for scope in caller.scopes),
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=ACCESS_MINUTES)).timestamp()),
        "aud": "patungan",
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def verify_access_token(secret: str, token: str, now: datetime) -> Caller:
    """The person a token speaks for; raises TokenExpired or Unauthenticated."""
    caller, expires = _verified(secret, token)
    # Against the kernel's clock, so that a virtual day expires tokens too.
    if expires <= now.timestamp():
        raise TokenExpired()
    return caller


@lru_cache(maxsize=10_000)
def _verified(secret: str, token: str) -> tuple[Caller, int]:
    """Who a token speaks for and until when; what was verified once is remembered, a refusal is not."""
    claims = _claims(secret, token, "patungan")
    try:
        scopes = frozenset(Scope(scope) for scope in claims.get("scopes", ()))
        return Caller(UUID(claims["sub"]), Role(claims["role"]), scopes), claims["exp"]
    except (KeyError, ValueError, TypeError):
        raise Unauthenticated("The token is not one of ours") from None


def sign_service_token(secret: str, caller: str, target: str, now: datetime) -> str:
    """A token of one minute by which one service calls another."""
    return _service_token(secret, caller, target, int(now.timestamp()))


@lru_cache(maxsize=1_000)
def _service_token(secret: str, caller: str, target: str, issued: int) -> str:
    """Calls of the same second share a token: signing one takes as long as a look into the database."""
    claims = {"iss": caller, "aud": target, "iat": issued, "exp": issued + SERVICE_TOKEN_SECONDS}
    return jwt.encode(claims, secret, algorithm="HS256")


def verify_service_token(secret: str, token: str, target: str, now: datetime) -> str:
    """The name of the service that calls; raises TokenExpired or Unauthenticated."""
    claims = _service_claims(secret, token, target)
    if claims["exp"] <= now.timestamp():
        raise TokenExpired()
    return str(claims.get("iss", ""))


@lru_cache(maxsize=1_000)
def _service_claims(secret: str, token: str, audience: str) -> dict[str, Any]:
    return _claims(secret, token, audience)


def _claims(secret: str, token: str, audience: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=audience,
            options={"require": ["exp", "iat", "aud"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError:
        raise Unauthenticated("The token is not one of ours") from None
    if not isinstance(claims["exp"], int):
        raise Unauthenticated("The token is not one of ours")
    return claims
