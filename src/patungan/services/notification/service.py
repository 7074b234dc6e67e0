"""The notification service: in-app, push, e-mail and SMS notifications. Port 3007."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="notification", purpose="In-app, push, e-mail and SMS notifications")
