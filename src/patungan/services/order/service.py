"""The order service: orders and fulfilment. Port 3006."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="order", purpose="Orders and fulfilment")
