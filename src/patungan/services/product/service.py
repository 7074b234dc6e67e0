"""The product service: product catalogue and variants. Port 3002."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import product as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret
from patungan.services.product.operations.pictures import open_store
from patungan.services.product.processes import (
    follow_factories,
    follow_sessions,
    forget_uploads,
    refresh_search,
    schedules,
)
from patungan.services.product.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of product."""

    patungan_data: Annotated[str, "PATUNGAN_DATA: the platform's data directory"] = ".data"
    image_folder: Annotated[str, "IMAGE_FOLDER: where pictures are kept; by default images/ in PATUNGAN_DATA"] = ""
    s3_bucket: Annotated[str, "S3_BUCKET: the bucket of pictures; without it they are kept in the folder"] = ""
    aws_region: Annotated[str, "AWS_REGION: where the bucket is"] = "ap-southeast-1"
    aws_access_key_id: Annotated[str, "AWS_ACCESS_KEY_ID: of the account that may use the bucket"] = ""
    aws_secret_access_key: Annotated[Secret, "AWS_SECRET_ACCESS_KEY: of the same account"] = Secret("")
    aws_endpoint_url: Annotated[str, "AWS_ENDPOINT_URL: another server that speaks S3"] = ""


async def _open(ctx: Context) -> None:
    ctx.local["images"] = open_store(ctx)


service = Service(
    name="product",
    purpose="Product catalogue and variants",
    settings=Settings,
    routes=routes,
    operations=[contract.get_products],
    subscriptions=[follow_sessions, follow_factories],
    workflows=[refresh_search, forget_uploads],
    schedules=schedules,
    on_start=_open,
)
