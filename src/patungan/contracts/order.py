"""The contract of order: orders of sessions, created in bulk, what parcels are made of, and complaints about orders."""

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


class ParcelSender(Message, frozen=True):
    """Whose store a parcel starts from, where no warehouse sends it."""

    seller_id: UUID
    name: str
    city: str
    province: str
    postal_code: str


class Parcel(Message, frozen=True):
    """What an order sends to whom; ``warehouse_id`` None where any warehouse may send it, or ``sender`` does."""

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
    sender: ParcelSender | None = None


class Parcels(Message, frozen=True):
    parcels: list[Parcel]


get_parcels = operation("order", "get-parcels", GetParcels, Parcels, timeout=10.0)


class OrderNotFound(Problem):
    code, status, title = "order_not_found", 404, "There is no such order"


class OrderStatusRefused(Problem):
    code, status, title = "order_status_refused", 409, "The order's status cannot change that way"


class OrderCancelRefused(Problem):
    code, status, title = "order_cancel_refused", 409, "This order cannot be cancelled"


class OrderNotPaid(Problem):
    code, status, title = "order_not_paid", 409, "Only a paid order allows this"


class CartItemNotFound(Problem):
    code, status, title = "cart_item_not_found", 404, "There is no such item in the cart"


class CartFull(Problem):
    code, status, title = "cart_full", 409, "The cart holds no more different goods"


class NotOnOffer(Problem):
    code, status, title = "not_on_offer", 409, "This cannot be bought directly at the moment"


class PriceChanged(Problem):
    """``data.unit_price`` is what a unit costs now, in rupiah."""

    code, status, title = "price_changed", 409, "The price has changed: look at it again"


class NotEnoughStock(Problem):
    """``data.available`` tells how many units are free."""

    code, status, title = "not_enough_stock", 409, "There are not that many units"


class CheckoutNotFound(Problem):
    code, status, title = "checkout_not_found", 404, "There is no such checkout"


class CheckoutLapsed(Problem):
    code, status, title = "checkout_lapsed", 409, "This checkout was not completed in time: try again"


class ComplaintNotFound(Problem):
    code, status, title = "complaint_not_found", 404, "There is no such complaint"


class ComplaintRefused(Problem):
    code, status, title = "complaint_refused", 409, "The order does not allow a complaint now"


class ComplaintDecided(Problem):
    code, status, title = "complaint_decided", 409, "This complaint cannot be dealt with in that way any more"


class PhotoRefused(Problem):
    code, status, title = "photo_refused", 400, "This is no photo that can be shown"


class PhotoNotFound(Problem):
    code, status, title = "photo_not_found", 404, "There is no such photo"


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
    seller_id: UUID | None = None
    """Whose goods they were: a seller's, where this is set."""
    source: str = "session"
    """``session``, ``warehouse`` (surplus that was bought directly) or ``seller``."""


class _ComplaintEvent(Message, frozen=True):
    complaint_id: UUID
    order_id: UUID
    number: str
    user_id: UUID
    factory_id: UUID
    seller_id: UUID | None


@event("order", "order.complaint_opened")
class OrderComplaintOpened(_ComplaintEvent, frozen=True):
    """The buyer complains; until it is closed nothing of the order is settled."""

    reason: str


@event("order", "order.complaint_closed")
class OrderComplaintClosed(_ComplaintEvent, frozen=True):
    """``outcome`` is accepted, rejected or withdrawn; ``refund`` is what goes back to the buyer, in rupiah."""

    outcome: str
    refund: Rupiah
