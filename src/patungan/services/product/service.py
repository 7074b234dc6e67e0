"""The product service: product catalogue and variants. Port 3002."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="product", purpose="Product catalogue and variants")
