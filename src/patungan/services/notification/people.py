"""The texts of what reviewers, factories' people and agents are told. No I/O."""

from __future__ import annotations

from patungan.contracts import factory, office, review
from patungan.services.notification.notice import Notice, Text, shortened
from patungan.services.notification.rules import NotificationType as Type
from patungan.services.notification.templates import PORTAL

_OFFICE = "/factory"


def review_reminder(event: review.ReviewReminded) -> Notice:
    return Notice(
        type=Type.REVIEW_REMINDER,
        indonesian=Text("Bagaimana pesanan Anda?", f"Pesanan {event.number} sudah tiba. Bagikan ulasan Anda!"),
        english=Text("How was your order?", f"Order {event.number} has arrived. Share your review!"),
        action_url=f"/orders/{event.number}",
        related_id=event.order_id,
    )


def review_answered(event: review.ReviewAnswered) -> Notice:
    return Notice(
        type=Type.REVIEW_ANSWERED,
        indonesian=Text("Ulasan Anda dijawab", "Pabrik menjawab ulasan Anda."),
        english=Text("Your review was answered", "The factory has answered your review."),
        action_url="/orders",
        related_id=event.review_id,
    )


def review_moderated(event: review.ReviewModerated) -> Notice | None:
    """None for a review that is shown: its author sees that."""
    if event.status not in ("hidden", "removed"):
        return None
    reason = shortened(event.reason)
    return Notice(
        type=Type.REVIEW_MODERATED,
        indonesian=Text("Ulasan Anda tidak ditampilkan", f"Ulasan Anda tidak lagi ditampilkan: {reason}"),
        english=Text("Your review is not shown", f"Your review is no longer shown: {reason}"),
        action_url="/orders",
        related_id=event.review_id,
    )


def review_received(event: review.ReviewCreated) -> Notice | None:
    """For the factory; None for a review that waits to be looked at."""
    if event.status != "approved":
        return None
    return Notice(
        type=Type.REVIEW_RECEIVED,
        indonesian=Text("Ulasan baru", f"Pabrik Anda menerima ulasan dengan {event.stars} bintang."),
        english=Text("New review", f"Your factory has received a review of {event.stars} stars."),
        action_url=PORTAL,
        related_id=event.review_id,
    )


def factory_rejected(event: factory.FactoryRejected) -> Notice:
    name, reason = shortened(event.name), shortened(event.reason)
    return Notice(
        type=Type.FACTORY_REJECTED,
        indonesian=Text("Dokumen pabrik perlu diperbaiki", f"Dokumen {name} belum dapat diverifikasi: {reason}"),
        english=Text("Factory papers need mending", f"The papers of {name} could not be verified: {reason}"),
        action_url=PORTAL,
        related_id=event.factory_id,
    )


def member_joined(event: factory.FactoryMemberJoined) -> Notice:
    name = shortened(event.name)
    return Notice(
        type=Type.FACTORY_MEMBER_JOINED,
        indonesian=Text("Anggota baru", f"Anggota baru bergabung dengan {name}."),
        english=Text("New member", f"A new member has joined {name}."),
        action_url=PORTAL,
        related_id=event.factory_id,
    )


def factory_assigned(event: office.OfficeFactoryAssigned) -> Notice:
    name = shortened(event.factory_name)
    return Notice(
        type=Type.NEW_FACTORY_ASSIGNED,
        indonesian=Text("Pabrik baru untuk kantor Anda", f"Kantor Anda kini mendampingi {name}."),
        english=Text("New factory for your office", f"Your office looks after {name} now."),
        action_url=_OFFICE,
        related_id=event.factory_id,
    )


def staff_assigned(event: office.PickupAssigned) -> Notice:
    return Notice(
        type=Type.STAFF_ASSIGNED,
        indonesian=Text("Tugas penjemputan", f"Anda ditugaskan menjemput barang: {event.code}."),
        english=Text("Pickup task", f"You were assigned a pickup of goods: {event.code}."),
        action_url=_OFFICE,
        related_id=event.pickup_id,
    )


def picked_up(event: office.PickupCompleted) -> Notice:
    """For the factory."""
    return Notice(
        type=Type.PICKED_UP,
        indonesian=Text("Barang sudah dijemput", f"Penjemputan {event.code} selesai; barang menuju gudang."),
        english=Text("Goods collected", f"Pickup {event.code} is complete; the goods are on their way."),
        action_url=PORTAL,
        related_id=event.pickup_id,
    )
