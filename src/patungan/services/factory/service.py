"""The factory service: factory profiles and verification. Port 3003."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import factory as contract
from patungan.kernel.service import Service
from patungan.kernel.settings import Common, Secret, SecretRule
from patungan.services.factory.processes import welcome_owner
from patungan.services.factory.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of factory."""

    data_encryption_key: Annotated[
        Secret, "DATA_ENCRYPTION_KEY: encrypts bank account numbers at rest", SecretRule(44)
    ] = Secret("")


service = Service(
    name="factory",
    purpose="Factory profiles and verification",
    settings=Settings,
    routes=routes,
    operations=[contract.get_factories, contract.get_owned_factories, contract.get_bank_account],
    workflows=[welcome_owner],
)
