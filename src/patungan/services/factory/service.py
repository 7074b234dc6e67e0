"""The factory service: factory profiles and verification. Port 3003."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import factory as contract
from patungan.kernel.service import Service
from patungan.kernel.settings import Secret, SecretRule
from patungan.providers.storage.keeping import StorageSettings, open_storage
from patungan.services.factory.following import rate, schedules, subscriptions
from patungan.services.factory.processes import invite_member, welcome_owner
from patungan.services.factory.routes import routes


class Settings(StorageSettings, frozen=True, kw_only=True):
    """Settings of factory."""

    data_encryption_key: Annotated[
        Secret, "DATA_ENCRYPTION_KEY: encrypts bank account numbers at rest", SecretRule(44)
    ] = Secret("")


service = Service(
    name="factory",
    purpose="Factory profiles and verification",
    settings=Settings,
    routes=routes,
    operations=[
        contract.get_factories,
        contract.get_owned_factories,
        contract.get_office_factories,
        contract.register_factory,
        contract.get_expected_dates,
        contract.get_bank_account,
    ],
    subscriptions=subscriptions,
    workflows=[welcome_owner, invite_member, rate],
    schedules=schedules,
    on_start=open_storage,
)
