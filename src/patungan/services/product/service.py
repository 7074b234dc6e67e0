"""The product service: product catalogue and variants. Port 3002."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import product as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common
from patungan.services.product.operations.pictures import open_store
from patungan.services.product.processes import follow_sessions
from patungan.services.product.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of product."""

    patungan_data: Annotated[str, "PATUNGAN_DATA: the platform's data directory"] = ".data"
    image_folder: Annotated[str, "IMAGE_FOLDER: where pictures are kept; by default images/ in PATUNGAN_DATA"] = ""


async def _open(ctx: Context) -> None:
    ctx.local["images"] = open_store(ctx)


service = Service(
    name="product",
    purpose="Product catalogue and variants",
    settings=Settings,
    routes=routes,
    operations=[contract.get_products],
    subscriptions=[follow_sessions],
    on_start=_open,
)
