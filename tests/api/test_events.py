"""The table of events (DOMAIN.md 4.10): each is declared, raised by its producer's code, and told to whom it concerns."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

import patungan.services
from patungan.kernel.contract import EVENTS, Message
from patungan.registry import SERVICES
from patungan.services.notification import templates
from patungan.services.notification.rules import NotificationType

for _entry in SERVICES:
    _entry.load()

TABLE = """
user.registered                  auth
user.suspended                   auth
factory.verified                 factory       factory_verified
factory.status_changed           factory       factory_status_changed
product.published                product
product.deactivated              product
session.opened                   group-buying  session_opened
session.tier_changed             group-buying
session.moq_reached              group-buying  moq_reached
session.expiring                 group-buying
participant.expiring             group-buying  group_expiring
session.platform_filled          group-buying
session.pending_stock            group-buying
session.stock_received           group-buying
session.succeeded                group-buying
session.failed                   group-buying
session.cancelled                group-buying
participant.confirmed            group-buying  group_confirmed
participant.refunded             group-buying  group_failed
payment.created                  payment
payment.paid                     payment       payment_success
payment.expired                  payment       payment_failed
payment.late_paid                payment       payment_failed
payment.mismatch                 payment
refund.requested                 payment       refund_initiated
refund.completed                 payment       refund_completed
refund.failed                    payment
escrow.released                  payment
stock.reserved                   warehouse
stock.short                      warehouse
stock.received                   warehouse
stock.low                        warehouse
po.status_changed                warehouse     production_started production_completed
order.created                    order         order_created
order.status_changed             order         order_cancelled shipped
order.delivered                  order
shipment.created                 logistics
shipment.status_changed          logistics     out_for_delivery
wallet.credited                  wallet        cashback_credited
withdrawal.requested             wallet        withdrawal_requested
withdrawal.completed             wallet        withdrawal_completed
withdrawal.failed                wallet        withdrawal_failed
"""
"""Name, producer, and the in-app notifications that come of it. ``po.created`` to ``po.received`` of the document are the
statuses of ``po.status_changed``, ``order.paid`` and ``order.cancelled`` those of ``order.status_changed``; a session's
confirmation, failure and nearing end are told participant by participant."""

ROWS = [(name, producer, tuple(told)) for name, producer, *told in (line.split() for line in TABLE.split("\n") if line)]

SERVICES_FOLDER = Path(patungan.services.__path__[0])


def _named_in(folder: Path) -> set[str]:
    """The names that a service's code uses, beyond importing them."""
    used = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Name | ast.Attribute):
                used.add(node.id if isinstance(node, ast.Name) else node.attr)
    return used


@pytest.mark.parametrize(("name", "producer", "told"), ROWS, ids=[name for name, *_ in ROWS])
def test_an_event_of_the_table_is_declared_raised_and_told(name: str, producer: str, told: tuple[str, ...]) -> None:
    kind = EVENTS[(producer, name)]
    assert issubclass(kind.body, Message)
    assert kind.version >= 1
    assert msgspec.json.schema(kind.body)
    folder = SERVICES_FOLDER / producer.replace("-", "_")
    written_by_sql = any(name in file.read_text() for file in folder.rglob("*.py"))
    assert kind.body.__name__ in _named_in(folder) or written_by_sql
    assert set(told) <= {each.value for each in NotificationType}
    if told:
        heard = {
            (each.producer, kind_name)
            for each in next(entry for entry in SERVICES if entry.name == "notification").load().subscriptions
            for kind_name in each.types
        }
        assert (producer, name) in heard


def test_nobody_listens_for_what_is_not_declared() -> None:
    heard = {(each.producer, name) for entry in SERVICES for each in entry.load().subscriptions for name in each.types}
    assert heard <= set(EVENTS)


def test_every_type_of_notification_is_written_in_both_languages() -> None:
    source = "".join(file.read_text() for file in Path(templates.__file__).parent.glob("*.py"))
    for each in NotificationType:
        assert f"Type.{each.name}" in source, each
