"""The address service: addresses and locations. Port 3015."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="address", purpose="Addresses and locations")
