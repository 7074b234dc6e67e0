"""The contract of order: session orders, created in bulk for paid participants, and what their parcels are made of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.contracts.address import Address
from patungan.kernel.contract import Message, Rows, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class SessionOrder(Message, frozen=True):
    """The order of one paid participant at the final price; amounts in rupiah, weight in grams.

    ``shipping_cost`` is leg one and leg two together; ``fee`` the gateway fee; both as paid. ``cashback`` is what went to the
    wallet beside the order, for showing.
    """

    participant_id: UUID
    user_id: UUID
    variant_id: UUID | None
    variant_name: str
    sku: str
    quantity: int
    unit_price: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    courier_service: str
    address: Address
    cashback: Rupiah = Rupiah(0)


class CreateSessionOrders(Message, frozen=True):
    """Creates a batch of orders of one session; one order a participant, however often it is asked."""

    session_id: UUID
    session_code: str
    factory_id: UUID
    factory_name: str
    product_id: UUID
    product_name: str
    product_slug: str
    image_url: str | None
    unit_weight_grams: int
    orders: Rows
    """Of SessionOrder."""
    unit_length_cm: int = 10
    unit_width_cm: int = 10
    unit_height_cm: int = 10
    warehouse_id: UUID | None = None


class CreatedOrder(Message, frozen=True):
    participant_id: UUID
    order_id: UUID
    number: str


class CreatedOrders(Message, frozen=True):
    orders: Rows
    """Of CreatedOrder, in the order of their participants."""


create_session_orders = operation("order", "create-session-orders", CreateSessionOrders, CreatedOrders, timeout=30.0)


class GetParcels(Message, frozen=True):
    """Asks for the parcels of orders by id, and of a session a page at a time: those after ``after``, in order of id."""

    order_ids: list[UUID]
    session_id: UUID | None = None
    after: UUID | None = None
    limit: int = 500


class ParcelItem(Message, frozen=True):
    """Goods of an order; weight in grams, size in centimetres, price in rupiah, all of one unit."""

    name: str
    quantity: int
    unit_price: Rupiah
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int


class Parcel(Message, frozen=True):
    """What an order sends to whom; ``warehouse_id`` None where any warehouse may send it."""

    order_id: UUID
    number: str
    user_id: UUID
    factory_id: UUID
    session_id: UUID | None
    warehouse_id: UUID | None
    status: str
    courier_service: str
    address: Address
    items: list[ParcelItem]


class Parcels(Message, frozen=True):
    parcels: list[Parcel]


get_parcels = operation("order", "get-parcels", GetParcels, Parcels, timeout=10.0)


class OrderNotFound(Problem):
    code, status, title = "order_not_found", 404, "There is no such order"


class OrderStatusRefused(Problem):
    code, status, title = "order_status_refused", 409, "The order's status cannot change that way"


class OrderCancelRefused(Problem):
    code, status, title = "order_cancel_refused", 409, "This order cannot be cancelled"


@event("order", "order.created")
class OrderCreated(Message, frozen=True):
    order_id: UUID
    number: str
    user_id: UUID
    factory_id: UUID
    session_id: UUID | None
    product_name: str
    quantity: int
    total: Rupiah


@event("order", "order.status_changed")
class OrderStatusChanged(Message, frozen=True):
    order_id: UUID
    number: str
    user_id: UUID
    status: str


class DeliveredItem(Message, frozen=True):
    """A line of a delivered order; amounts in rupiah."""

    order_item_id: UUID
    product_id: UUID
    variant_id: UUID | None
    factory_id: UUID
    quantity: int
    unit_price: Rupiah
    subtotal: Rupiah


@event("order", "order.delivered")
class OrderDelivered(Message, frozen=True):
    """The goods are with their buyer; ``product_value`` is what commission is of, without shipping and fee (rupiah)."""

    order_id: UUID
    number: str
    user_id: UUID
    factory_id: UUID
    session_id: UUID | None
    items: list[DeliveredItem]
    product_value: Rupiah
    delivered_at: datetime
    participant_id: UUID | None = None
