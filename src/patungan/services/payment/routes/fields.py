"""Query parameters that payment's lists share."""

from __future__ import annotations
