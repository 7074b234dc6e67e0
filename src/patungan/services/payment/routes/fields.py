"""Query parameters that payment's lists share."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

PageNumber = Annotated[int, QueryParameter(ge=1, le=100_000)]
PageLimit = Annotated[int, QueryParameter(ge=1, le=100)]
