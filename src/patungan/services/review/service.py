"""The review service: product and factory reviews. Port 3009."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="review", purpose="Product and factory reviews")
