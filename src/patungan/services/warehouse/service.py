"""The warehouse service: inventory, purchase orders, stock allocation. Port 3008."""

from __future__ import annotations

from patungan.contracts import warehouse as contract
from patungan.kernel.service import Service
from patungan.services.warehouse.operations import consumption as _consumption  # noqa: F401  registers itself
from patungan.services.warehouse.operations import demand as _demand  # noqa: F401  its functions register themselves
from patungan.services.warehouse.processes import send_purchase_order
from patungan.services.warehouse.routes import routes

service = Service(
    name="warehouse",
    purpose="Inventory, purchase orders, stock allocation",
    routes=routes,
    operations=[
        contract.get_warehouses,
        contract.get_bundle_rules,
        contract.fulfil_demand,
        contract.release_demand,
        contract.consume_demand,
        contract.get_purchase_orders,
        contract.ship_purchase_order,
    ],
    workflows=[send_purchase_order],
)
