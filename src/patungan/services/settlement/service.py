"""The settlement service: factory settlements and payouts. Port 3013."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="settlement", purpose="Factory settlements and payouts")
