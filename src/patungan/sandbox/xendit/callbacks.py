"""How Xendit proves a callback: the static token of its dashboard, and an HMAC where one is configured.

Xendit itself signs nothing; the HMAC-SHA256 over the raw body stands for the deployment guide's stronger check.
"""

from __future__ import annotations

import hashlib
import hmac

from patungan.sandbox.callbacks import Callback
from patungan.sandbox.settings import SandboxSettings


def sign(settings: SandboxSettings, callback: Callback) -> dict[str, str]:
    headers = {"x-callback-token": settings.xendit_webhook_token, "webhook-id": callback.webhook_id}
    if settings.xendit_webhook_hmac_secret:
        secret = settings.xendit_webhook_hmac_secret.encode()
        headers["x-callback-signature"] = hmac.new(secret, callback.body, hashlib.sha256).hexdigest()
    return headers
