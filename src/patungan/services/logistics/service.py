"""The logistics service: shipping rates, booking and tracking. Port 3011."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="logistics", purpose="Shipping rates, booking and tracking")
