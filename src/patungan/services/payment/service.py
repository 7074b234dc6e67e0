"""The payment service: xendit payments, escrow, refunds. Port 3005."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="payment", purpose="Xendit payments, escrow, refunds")
