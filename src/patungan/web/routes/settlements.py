"""What a factory is paid: its settlements, and the statement of each, for its owner."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from patungan.web.paging import page_of, pages
from patungan.web.rendering import render
from patungan.web.site import Here

LIMIT = 20


@get("/settlements")
async def show_settlements(visitor: Here, page: FromQuery[str] = "1") -> Template:
    visitor.must_be_signed_in()
    number = page_of(page)
    found = await visitor.get("settlement", "/api/settlements", page=number, limit=LIMIT)
    return render(visitor, "settlements.html", found=found, paging=pages("/settlements", number, LIMIT, found["total"]))


@get("/settlements/{settlement_id:uuid}")
async def show_statement(visitor: Here, settlement_id: FromPath[UUID]) -> Template:
    visitor.must_be_signed_in()
    statement = await visitor.get("settlement", f"/api/settlements/{settlement_id}/statement")
    return render(visitor, "settlement.html", statement=statement)


@get("/settlements/{settlement_id:uuid}/statement.pdf")
async def download_pdf(visitor: Here, settlement_id: FromPath[UUID]) -> Response[bytes]:
    visitor.must_be_signed_in()
    content = await visitor.download("settlement", f"/api/settlements/{settlement_id}/statement.pdf")
    return _file(content, f"settlement-{settlement_id}.pdf", "application/pdf")


@get("/settlements/{settlement_id:uuid}/statement.csv")
async def download_csv(visitor: Here, settlement_id: FromPath[UUID]) -> Response[bytes]:
    visitor.must_be_signed_in()
    content = await visitor.download("settlement", f"/api/settlements/{settlement_id}/statement.csv")
    return _file(content, f"settlement-{settlement_id}.csv", "text/csv; charset=utf-8")


def _file(content: bytes, name: str, media_type: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


routes = [show_settlements, show_statement, download_pdf, download_csv]
