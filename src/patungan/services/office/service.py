"""The office service: agent offices. Port 3014."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="office", purpose="Agent offices")
