"""A client of the platform's public API, at the gateway or at the services' own ports, for the seed and the demo."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
import msgspec

from patungan.operations.layout import OperationError
from patungan.operations.platform import service_urls
from patungan.registry import SERVICES

ATTEMPTS = 6
"""How often a request is made in all while the platform does not answer or asks to wait."""
LONGEST_PAUSE = 2.0


class ApiRefused(OperationError):
    """The platform refused a request; ``code`` is the problem's stable code, ``document`` the whole of it."""

    def __init__(self, method: str, path: str, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(document.get("code", ""))
        self.document = dict(document)
        said = document.get("detail") or document.get("title") or ""
        super().__init__(f"{method} {path} answered {status} {self.code}: {said}")


class Api:
    """Requests to the platform, some at a time. Without a gateway each goes to the port of the service that owns its path."""

    def __init__(self, environment: Mapping[str, str], *, gateway_url: str | None = None, concurrency: int = 8) -> None:
        self._gateway_url = gateway_url
        self._urls = service_urls(environment)
        self._free = asyncio.Semaphore(concurrency)
        limits = httpx.Limits(max_connections=concurrency * 2, max_keepalive_connections=concurrency * 2)
        self.client = httpx.AsyncClient(timeout=60, limits=limits, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    def url(self, path: str) -> str:
        """Where a public path is answered."""
        if self._gateway_url is not None:
            return self._gateway_url + path
        owners = [
            (len(route.public), entry.name)
            for entry in SERVICES
            for route in entry.routes
            if path == route.public or path.startswith((f"{route.public}/", f"{route.public}?"))
        ]
        return self._urls[max(owners)[1]] + path

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        key: str | None = None,
        picture: bytes | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a request and answer its JSON; ``key`` is the idempotency key of a write, made up where none is given.

        Raises ApiRefused; waits and tries again where the platform does not answer or is busy.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid4())
        content: bytes | None = picture
        if picture is not None:
            headers["Content-Type"] = "image/svg+xml"
        elif body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(body)
        given = {name: value for name, value in (params or {}).items() if value is not None}
        async with self._free:
            response = await self._sent(method, path, headers, content, given)
        if response.is_success:
            return msgspec.json.decode(response.content) if response.content else None
        raise ApiRefused(method, path, response.status_code, _document(response))

    async def _sent(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None, params: Mapping[str, Any]
    ) -> httpx.Response:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = await self.client.request(
                    method, self.url(path), headers=headers, content=content, params=params or None
                )
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise OperationError(f"{self.url(path)} does not answer ({type(error).__name__})") from error
            else:
                if response.status_code not in (429, 502, 503, 504) or attempt == ATTEMPTS or _meant(response):
                    return response
            await asyncio.sleep(min(LONGEST_PAUSE, 0.1 * 2**attempt))
        raise AssertionError("unreachable: the last attempt answers or raises")


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        return msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError:
        return {"title": response.text[:200]}


def _meant(response: httpx.Response) -> bool:
    """Whether a refusal is a rule of the business, such as a code asked for too soon, and not a matter of load."""
    return response.status_code == 429 and _document(response).get("code") != "rate_limited"


class Person:
    """Somebody with an access token; what they ask for, they ask for themselves."""

    def __init__(self, api: Api, token: str, *, user_id: str, phone: str, name: str) -> None:
        self.api = api
        self.token = token
        self.user_id = user_id
        self.phone = phone
        self.name = name

    async def get(self, path: str, **params: Any) -> Any:
        return await self.api.call("GET", path, token=self.token, params=params)

    async def post(self, path: str, body: object = None, *, key: str | None = None) -> Any:
        return await self.api.call("POST", path, body, token=self.token, key=key)

    async def put(self, path: str, body: object) -> Any:
        return await self.api.call("PUT", path, body, token=self.token)

    async def upload(self, path: str, picture: str) -> Any:
        """Send an SVG."""
        return await self.api.call("POST", path, token=self.token, picture=picture.encode())

    async def all(self, path: str, **params: Any) -> list[Any]:
        """Every item of a paged list."""
        items: list[Any] = []
        page = 1
        while True:
            answer = await self.get(path, **params, page=page, limit=100)
            items += answer["items"]
            if len(items) >= answer["total"] or not answer["items"]:
                return items
            page += 1


class Sandbox:
    """The buyer's side of the emulated providers: the telephone that codes arrive on, and the bank that pays."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self._client = client

    async def messages(self, **params: Any) -> list[Any]:
        """Messages as their receivers read them, newest first."""
        response = await self._client.get(f"{self.url}/_sandbox/messages", params=params)
        response.raise_for_status()
        return list(response.json()["messages"])

    async def pay(self, invoice_url: str, **order: Any) -> dict[str, Any]:
        """Pay an invoice by the address that a buyer was sent to; raises OperationError where the provider refuses."""
        return await self.act(f"/xendit/_sandbox/invoices/{invoice_url.rsplit('/', 1)[-1]}/pay", order)

    async def act(self, path: str, body: object = None) -> dict[str, Any]:
        """Tell the sandbox to do something."""
        response = await self._client.post(f"{self.url}{path}", json=body)
        if not response.is_success:
            raise OperationError(f"the sandbox refused {path}: {response.text[:300]}")
        answer: dict[str, Any] = response.json()
        return answer
