"""Whoever looks at a page: the language, the tokens in their cookies, and calls to services in their name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

from litestar import Request
from litestar.datastructures import Cookie

from patungan.kernel.chance import Chance
from patungan.kernel.time import Clock
from patungan.web.api import Api, ApiProblem

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = ("id", "en")

ACCESS_COOKIE, REFRESH_COOKIE, LANGUAGE_COOKIE = "patungan_access", "patungan_refresh", "patungan_language"
REFRESH_SECONDS = 30 * 86_400
"""A refresh token's life (DOMAIN.md 1.1)."""
LANGUAGE_SECONDS = 365 * 86_400
GRACE_SECONDS = 60
"""How long the answer to a refresh is kept for requests that were under way with the old cookie."""

_PREFERENCE = re.compile(r"\s*([a-zA-Z]{2,3})[-\w]*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


class SignInNeeded(Exception):
    """The page is for people who are signed in."""


def preferred_language(cookie: str | None, accept: str) -> Language:
    """The language chosen before, else the browser's first of ours, else Indonesian."""
    for language in LANGUAGES:
        if cookie == language:
            return language
    best: tuple[float, Language] = (0.0, "id")
    for part in accept[:200].split(","):
        found = _PREFERENCE.fullmatch(part)
        if found is None:
            continue
        weight = float(found.group(2) or 1)
        for language in LANGUAGES:
            if found.group(1).lower() == language and weight > best[0]:
                best = (weight, language)
    return best[1]


def _asks_for_sign_in(problem: ApiProblem) -> bool:
    return problem.status == 401 and problem.code in ("token_expired", "unauthenticated")


class Renewals:
    """Exchanges refresh tokens, each once: auth takes a second use of one for theft and ends the whole session.

    Several requests of one browser may carry the same expired token at once; they share one exchange and its answer.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._running: dict[str, asyncio.Task[Any]] = {}

    async def renew(self, refresh_token: str) -> dict[str, Any]:
        """New tokens; raises ApiProblem."""
        task = self._running.get(refresh_token)
        if task is None:
            task = asyncio.create_task(
                self._api.call("POST", "auth", "/api/auth/refresh", body={"refresh_token": refresh_token})
            )
            self._running[refresh_token] = task
            task.add_done_callback(lambda done: self._forget(refresh_token, done))
        # Shielded: one browser tab that gives up must not end the exchange that the others wait for.
        tokens: dict[str, Any] = await asyncio.shield(task)
        return tokens

    def _forget(self, refresh_token: str, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._running.pop(refresh_token, None)
            return
        task.get_loop().call_later(GRACE_SECONDS, self._running.pop, refresh_token, None)


class Visitor:
    """One request's person. ``cookies`` are what the answer sets."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        api: Api,
        renewals: Renewals,
        clock: Clock,
        chance: Chance,
        *,
        secure: bool,
    ) -> None:
        self.language = preferred_language(
            request.cookies.get(LANGUAGE_COOKIE), request.headers.get("Accept-Language", "")
        )
        self.cookies: list[Cookie] = []
        self._access = request.cookies.get(ACCESS_COOKIE, "")
        self._refresh = request.cookies.get(REFRESH_COOKIE, "")
        self._request_id = request.headers.get("X-Request-ID", "")
        self._api = api
        self._renewals = renewals
        self._chance = chance
        self._secure = secure
        self.now = clock.now()

    @property
    def signed_in(self) -> bool:
        return bool(self._access or self._refresh)

    @property
    def refresh_token(self) -> str:
        return self._refresh

    def must_be_signed_in(self) -> None:
        """Raises SignInNeeded for a visitor without a session."""
        if not self.signed_in:
            raise SignInNeeded

    def keep_tokens(self, tokens: Mapping[str, Any]) -> None:
        """Remember a session in the browser."""
        self._access, self._refresh = str(tokens["access_token"]), str(tokens["refresh_token"])
        self._set(ACCESS_COOKIE, self._access, int(tokens["expires_in"]))
        self._set(REFRESH_COOKIE, self._refresh, REFRESH_SECONDS)

    def forget_tokens(self) -> None:
        """End the session in the browser."""
        self._access = self._refresh = ""
        self._set(ACCESS_COOKIE, "", 0)
        self._set(REFRESH_COOKIE, "", 0)

    def keep_language(self, language: Language) -> None:
        """Remember the language in the browser."""
        self.language = language
        self._set(LANGUAGE_COOKIE, language, LANGUAGE_SECONDS)

    def _set(self, name: str, value: str, seconds: int) -> None:
        self.cookies = [cookie for cookie in self.cookies if cookie.key != name]
        self.cookies.append(
            Cookie(key=name, value=value, max_age=seconds, path="/", httponly=True, secure=self._secure, samesite="lax")
        )

    async def get(self, service: str, path: str, **params: Any) -> Any:
        """What a service answers this visitor; raises ApiProblem, or SignInNeeded where a session is asked for."""
        return await self.call("GET", service, path, params=params)

    async def download(self, service: str, path: str) -> bytes:
        """A file of a service's; raises as ``get``."""
        content: bytes = await self.call("GET", service, path, raw=True)
        return content

    async def post(self, service: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Ask a service for a change; ``key`` is the idempotency key, made up where none is given. Raises as ``get``."""
        return await self.call("POST", service, path, body=body, headers={"Idempotency-Key": key} if key else None)

    async def call(
        self,
        method: str,
        service: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bool = False,
        content: bytes | None = None,
    ) -> Any:
        """Call a service; an access token that has expired is renewed once and the call repeated, with the same key."""
        if method != "GET":
            headers = {"Idempotency-Key": str(self._chance.new_id()), **(headers or {})}
        sent_with = self._access
        try:
            return await self._api.call(
                method,
                service,
                path,
                body=body,
                params=params,
                headers=self._headers(headers),
                raw=raw,
                content=content,
            )
        except ApiProblem as problem:
            if not _asks_for_sign_in(problem):
                raise
        # Only now: a public page needs no session, and must not fail because auth does not answer.
        # Another call of the same page may have renewed meanwhile: what it got is other requests' too, and must not be used up.
        if self._access == sent_with:
            await self._renew()
        try:
            return await self._api.call(
                method,
                service,
                path,
                body=body,
                params=params,
                headers=self._headers(headers),
                raw=raw,
                content=content,
            )
        except ApiProblem as problem:
            if _asks_for_sign_in(problem):
                self._lapse()
            raise

    def _headers(self, more: Mapping[str, str] | None) -> dict[str, str]:
        headers = {"Accept-Language": self.language, **(more or {})}
        if self._access:
            headers["Authorization"] = f"Bearer {self._access}"
        if self._request_id:
            headers["X-Request-ID"] = self._request_id
        return headers

    async def _renew(self) -> None:
        if not self._refresh:
            self._lapse()
        try:
            tokens = await self._renewals.renew(self._refresh)
        except ApiProblem as problem:
            if problem.passing:
                raise
            self._lapse()
        else:
            self.keep_tokens(tokens)

    def _lapse(self) -> NoReturn:
        if self.signed_in:
            self.forget_tokens()
        raise SignInNeeded

    async def look(self, service: str, path: str, **params: Any) -> Any:
        """As ``get``, for what is the same for everybody: somebody without a session shares it with others for a moment."""
        if self.signed_in:
            return await self.get(service, path, **params)
        return await self._api.public(service, path, params)

    async def glance(self, service: str, path: str, **params: Any) -> Any:
        """As ``look``, for a part of a page that the rest can do without: None where it cannot be had."""
        try:
            return await self.look(service, path, **params)
        except ApiProblem:
            return None

    async def section(self, service: str, path: str, **params: Any) -> Any:
        """As ``get``, for a part of a page that the rest can do without: None where it cannot be had."""
        try:
            return await self.get(service, path, **params)
        except ApiProblem:
            return None

    async def attempt(self, service: str, path: str, body: Any = None) -> bool:
        """As ``post``, for what does not matter enough to fail for: whether it was done."""
        try:
            await self.post(service, path, body)
        except (ApiProblem, SignInNeeded):
            return False
        return True
