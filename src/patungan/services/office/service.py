"""The office service: agent offices. Port 3014."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import office as contract
from patungan.kernel.service import Service
from patungan.kernel.settings import Secret, SecretRule
from patungan.providers.storage.keeping import StorageSettings, open_storage
from patungan.services.office.following import follow_factories

# Imported for what it implements.
from patungan.services.office.operations import bank_accounts as _bank_accounts  # noqa: F401
from patungan.services.office.processes import hire, ship
from patungan.services.office.routes import routes


class Settings(StorageSettings, frozen=True, kw_only=True):
    """Settings of office."""

    data_encryption_key: Annotated[
        Secret, "DATA_ENCRYPTION_KEY: encrypts bank account numbers at rest", SecretRule(44)
    ] = Secret("")


service = Service(
    name="office",
    purpose="Agent offices",
    settings=Settings,
    routes=routes,
    operations=[
        contract.get_offices,
        contract.get_managed_offices,
        contract.get_shares,
        contract.get_bank_accounts,
    ],
    subscriptions=[follow_factories],
    workflows=[hire, ship],
    on_start=open_storage,
)
