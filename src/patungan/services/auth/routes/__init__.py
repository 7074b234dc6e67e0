"""The public API of auth. The gateway reaches it as /api/auth/..., with or without the prefix (DOMAIN.md C-12)."""

from __future__ import annotations

from patungan.services.auth.routes import accounts, administration

routes = [*accounts.routes, *administration.routes]
