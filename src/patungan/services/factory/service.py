"""The factory service: factory profiles and verification. Port 3003."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="factory", purpose="Factory profiles and verification")
