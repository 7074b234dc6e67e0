"""The warehouse service: inventory, purchase orders, stock allocation. Port 3008."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="warehouse", purpose="Inventory, purchase orders, stock allocation")
