"""The group-buying service: group-buying sessions, MOQ, tier pricing. Port 3004."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="group-buying", purpose="Group-buying sessions, MOQ, tier pricing")
