"""The warehouse service: inventory, purchase orders, stock allocation. Port 3008."""

from __future__ import annotations

from patungan.contracts import warehouse as contract
from patungan.kernel.service import Context, Service
from patungan.services.warehouse.answers import subscriptions
from patungan.services.warehouse.operations import consumption as _consumption  # noqa: F401  registers itself
from patungan.services.warehouse.operations import demand as _demand  # noqa: F401  its functions register themselves
from patungan.services.warehouse.operations.direct import desk_of, open_desk
from patungan.services.warehouse.processes import remind_factory, send_purchase_order
from patungan.services.warehouse.routes import routes
from patungan.services.warehouse.timers import timers


async def _open(ctx: Context) -> None:
    ctx.local["direct_stock"] = open_desk(ctx)


async def _close(ctx: Context) -> None:
    await desk_of(ctx).close()


service = Service(
    name="warehouse",
    purpose="Inventory, purchase orders, stock allocation",
    routes=routes,
    operations=[
        contract.get_warehouses,
        contract.get_bundle_rules,
        contract.fulfil_demand,
        contract.release_demand,
        contract.lower_demand,
        contract.consume_demand,
        contract.get_purchase_orders,
        contract.ship_purchase_order,
        contract.reserve_stock,
        contract.release_stock,
        contract.consume_stock,
        contract.return_stock,
        contract.get_direct_stock,
    ],
    subscriptions=subscriptions,
    workflows=[send_purchase_order, remind_factory],
    timers=timers,
    on_start=_open,
    on_stop=_close,
)
