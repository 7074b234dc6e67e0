"""The seller service: sellers and their inventory. Port 3012."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="seller", purpose="Sellers and their inventory")
