"""What orders send, for logistics."""

from __future__ import annotations

from patungan.contracts import order as contract
from patungan.kernel.service import Context, implements
from patungan.services.order.queries import orders as queries
from patungan.services.order.queries.orders import ItemRow

MOST_PARCELS = 500


@implements(contract.get_parcels)
async def get_parcels(ctx: Context, request: contract.GetParcels) -> contract.Parcels:
    """The parcels that were asked for, in order of id, 500 at most."""
    limit = max(1, min(request.limit, MOST_PARCELS))
    found = await queries.find_parcels(ctx.db, request.order_ids, request.session_id, request.after, limit)
    items: dict[object, list[ItemRow]] = {each.id: [] for each in found}
    for item in await queries.find_items(ctx.db, list(items)):
        items[item.order_id].append(item)
    return contract.Parcels(
        parcels=[
            contract.Parcel(
                order_id=each.id,
                number=each.number,
                user_id=each.user_id,
                factory_id=each.factory_id,
                session_id=each.session_id,
                warehouse_id=each.warehouse_id,
                status=each.status,
                courier_service=each.courier_service,
                address=each.address,
                sender=each.sender,
                items=[
                    contract.ParcelItem(
                        name=item.name,
                        quantity=item.quantity,
                        unit_price=item.unit_price,
                        weight_grams=item.weight_grams,
                        length_cm=item.length_cm,
                        width_cm=item.width_cm,
                        height_cm=item.height_cm,
                    )
                    for item in items[each.id]
                ],
            )
            for each in found
        ]
    )
