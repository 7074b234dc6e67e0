"""The auth service: accounts, one-time passwords, tokens. Port 3001."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import auth as contract
from patungan.kernel.service import Service
from patungan.kernel.settings import Common

# Imported for what it implements.
from patungan.services.auth.operations import administration as _administration  # noqa: F401
from patungan.services.auth.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of auth."""

    otp_expiry_minutes: Annotated[int, "OTP_EXPIRY_MINUTES: how long a code is valid"] = 5
    bcrypt_cost: Annotated[int, "BCRYPT_COST: work factor of password hashes"] = 12


service = Service(
    name="auth",
    purpose="Accounts, one-time passwords, tokens",
    settings=Settings,
    routes=routes,
    operations=[
        *(contract.get_users, contract.get_staff, contract.find_user, contract.grant_role, contract.ensure_user),
        contract.ensure_admin,
    ],
)
