"""The wallet service: user wallet, credits, withdrawals. Port 3010."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="wallet", purpose="User wallet, credits, withdrawals")
