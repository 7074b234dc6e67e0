"""The office service: agent offices. Port 3014."""

from __future__ import annotations

from patungan.contracts import office as contract
from patungan.kernel.service import Service
from patungan.providers.storage.keeping import StorageSettings, open_storage
from patungan.services.office.following import follow_factories
from patungan.services.office.processes import hire, ship
from patungan.services.office.routes import routes

service = Service(
    name="office",
    purpose="Agent offices",
    settings=StorageSettings,
    routes=routes,
    operations=[contract.get_offices, contract.get_shares],
    subscriptions=[follow_factories],
    workflows=[hire, ship],
    on_start=open_storage,
)
