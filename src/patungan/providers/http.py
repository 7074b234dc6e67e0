"""The shared JSON client: small connection pools a provider, deadlines, safe retries, a circuit breaker and typed failures."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Self, TypeVar

import httpx
import msgspec

from patungan.kernel.pools import Pools
from patungan.providers.breaker import CircuitBreaker
from patungan.providers.errors import (
    ProviderError,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    without_personal_data,
)

T = TypeVar("T")


class Effect(Enum):
    """Whether a call changes anything, and if so whether an idempotency key makes it safe to repeat."""

    READ = "read"
    KEYED_WRITE = "keyed write"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long to wait, in seconds: for a connection, for the next bytes of an answer, and for one attempt in all."""

    connect: float = 3.0
    read: float = 20.0
    attempt: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """Time and patience from outside, so that a test can replace them.

    ``clock`` is any steady count of seconds; ``backoff`` gives the seconds to wait before retry 1, 2, ... with its jitter.
    A provider that asks for more than ``longest_wait`` seconds is not waited for: the caller is told when to come back.
    """

    clock: Callable[[], float]
    backoff: Callable[[int], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    attempts: int = 3
    longest_wait: float = 10.0
    failures_to_open: int = 5
    open_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One finished attempt, for metrics: outcome is answered, refused, unavailable or unknown; duration in seconds."""

    provider: str
    operation: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A provider's error body in common terms; ``try_later`` marks a limit that passes by itself, whatever its status."""

    code: str = ""
    message: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    try_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a provider. ``operation`` names it in errors and metrics; ``path`` may be a whole URL."""

    operation: str
    method: str
    path: str
    effect: Effect
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)


def no_observer(_observation: Observation) -> None:
    """For a client whose calls nobody counts."""


class JsonClient:
    """Sends calls to one provider and decodes its JSON answers into typed values.

    Raises ProviderRefused, ProviderUnavailable or ProviderOutcomeUnknown. A read never raises the last: it changes nothing.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        pacing: Pacing,
        *,
        read_fault: Callable[[bytes], Fault],
        refused: type[ProviderRefused] = ProviderRefused,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self.provider = provider
        self._pacing = pacing
        self._read_fault = read_fault
        self._refused = refused
        self._observe = observe
        self._deadlines = deadlines or Deadlines()
        self.breaker = CircuitBreaker(
            pacing.clock, failures_to_open=pacing.failures_to_open, open_seconds=pacing.open_seconds
        )
        wait = self._deadlines
        self._pools = Pools(
            base_url=base_url,
            headers={"accept": "application/json", "user-agent": "patungan", **(headers or {})},
            auth=auth,
            timeout=httpx.Timeout(connect=wait.connect, read=wait.read, write=wait.read, pool=wait.connect),
        )

    async def aclose(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        await self._pools.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def send(self, call: Call, answer: type[T]) -> T:
        """Carry out the call, repeating it only where that cannot do harm, and decode its answer."""
        uncertain: ProviderOutcomeUnknown | None = None
        attempt = 0
        while True:
            attempt += 1
            result = await self._attempt(call)
            if isinstance(result, httpx.Response):
                return self._decode(call, result, answer)
            if isinstance(result, ProviderOutcomeUnknown):
                uncertain = result
            wait = self._wait_before_next(call, result, attempt)
            if wait is None:
                break
            await self._pacing.sleep(wait)
        if uncertain is not None and result is not uncertain:
            # A later refusal or closed door says nothing about the attempt whose answer was lost.
            raise ProviderOutcomeUnknown(
                self.provider,
                call.operation,
                f"{uncertain.reason}; then {result.reason}",
                getattr(result, "status", None),
                getattr(result, "code", ""),
            )
        raise result

    def refusal(self, call: Call, status: int, fault: Fault) -> ProviderRefused:
        """The error of an answer whose HTTP status says yes and whose body says no."""
        return self._refused(
            self.provider, call.operation, without_personal_data(fault.message), status, fault.code, fault.details
        )

    def _wait_before_next(self, call: Call, failure: ProviderError, attempt: int) -> float | None:
        repeatable = call.effect is not Effect.WRITE and not isinstance(failure, ProviderRefused)
        conflict = isinstance(failure, ProviderOutcomeUnknown) and failure.status == httpx.codes.CONFLICT
        if not repeatable or conflict or attempt >= self._pacing.attempts or self.breaker.seconds_until_trial() > 0:
            return None
        wait = self._pacing.backoff(attempt)
        asked = failure.retry_after if isinstance(failure, ProviderUnavailable) else None
        if asked is None:
            return wait
        return None if asked > self._pacing.longest_wait else max(wait, asked)

    async def _attempt(self, call: Call) -> httpx.Response | ProviderError:
        ticket = self.breaker.admit()
        if ticket is None:
            wait = self.breaker.seconds_until_trial()
            return ProviderUnavailable(self.provider, call.operation, "not called: it keeps failing", wait or None)
        started = self._pacing.clock()
        healthy: bool | None = None
        try:
            result, healthy = await self._exchange(call)
        finally:
            self.breaker.settle(ticket, healthy)
        self._observe(
            Observation(
                provider=self.provider,
                operation=call.operation,
                outcome=_outcome(result),
                seconds=self._pacing.clock() - started,
            )
        )
        return result

    async def _exchange(self, call: Call) -> tuple[httpx.Response | ProviderError, bool | None]:
        """One request and its answer, with whether the provider looked healthy; None when that cannot be told.

        The httpx errors end here: they hold the request, and with it the credentials.
        """
        auth = httpx.BasicAuth(*call.auth) if call.auth else httpx.USE_CLIENT_DEFAULT
        try:
            async with self._pools.least_busy() as http, asyncio.timeout(self._deadlines.attempt):
                response = await http.send(_build(http, call), auth=auth)
        except httpx.PoolTimeout:
            return self._not_sent(call, "no free connection"), None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            return self._not_sent(call, type(error).__name__), False
        except TimeoutError:
            return self._maybe_sent(call, "no whole answer in time"), False
        except (httpx.TransportError, httpx.DecodingError) as error:
            return self._maybe_sent(call, type(error).__name__), False
        if response.is_success:
            return response, True
        return self._judge(call, response), response.status_code < httpx.codes.INTERNAL_SERVER_ERROR

    def _judge(self, call: Call, response: httpx.Response) -> ProviderError:
        status = response.status_code
        fault = self._read_fault(response.content)
        message = without_personal_data(fault.message) or response.reason_phrase
        retry_after = _retry_after(response.headers)
        turned_away = status == httpx.codes.TOO_MANY_REQUESTS or (
            status == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in response.headers
        )
        if turned_away or (fault.try_later and httpx.codes.is_client_error(status)):
            return ProviderUnavailable(
                self.provider, call.operation, f"{status} {fault.code} {message}", retry_after, fault.code
            )
        if call.effect is Effect.KEYED_WRITE and status == httpx.codes.CONFLICT:
            # The key is known already: an earlier request under it may well have taken effect.
            return ProviderOutcomeUnknown(self.provider, call.operation, message, status, fault.code)
        # 408 comes from servers and gateways that gave up half-way; it proves nothing.
        if httpx.codes.is_client_error(status) and status != httpx.codes.REQUEST_TIMEOUT:
            return self._refused(self.provider, call.operation, message, status, fault.code, fault.details)
        return self._maybe_sent(call, f"{status} {message}", status, fault.code)

    def _not_sent(self, call: Call, reason: str) -> ProviderError:
        return ProviderUnavailable(self.provider, call.operation, f"not sent: {reason}")

    def _maybe_sent(self, call: Call, reason: str, status: int | None = None, code: str = "") -> ProviderError:
        if call.effect is Effect.READ:
            return ProviderUnavailable(self.provider, call.operation, reason)
        return ProviderOutcomeUnknown(self.provider, call.operation, reason, status, code)

    def _decode(self, call: Call, response: httpx.Response, answer: type[T]) -> T:
        unreadable: str
        try:
            # Providers write rupiah as 185000, 185000.0 and "185000" alike; a fraction is still refused.
            return msgspec.json.decode(response.content, type=answer, strict=False)
        except msgspec.ValidationError as error:
            unreadable = str(error)
        except msgspec.DecodeError:
            unreadable = "not JSON"
        raise self._maybe_sent(
            call,
            f"the answer cannot be read: {without_personal_data(unreadable)}",
            response.status_code,
        )


def _build(http: httpx.AsyncClient, call: Call) -> httpx.Request:
    headers = dict(call.headers)
    content: bytes | None = None
    if call.json is not None:
        headers["content-type"] = "application/json"
        content = msgspec.json.encode(call.json)
    return http.build_request(
        call.method,
        call.path,
        params=dict(call.query) or None,
        headers=headers,
        content=content,
        data=dict(call.form) if call.form is not None else None,
    )


def _outcome(result: httpx.Response | ProviderError) -> str:
    match result:
        case ProviderRefused():
            return "refused"
        case ProviderUnavailable():
            return "unavailable"
        case ProviderOutcomeUnknown():
            return "unknown"
    return "answered"


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds to wait by ``Retry-After`` (a number, or a date measured from ``Date``) or Xendit's ``Rate-Limit-Reset``."""
    for name in ("retry-after", "rate-limit-reset"):
        text = headers.get(name, "")
        try:
            seconds = float(text)
        except ValueError:
            seconds = _seconds_between(headers.get("date", ""), text)
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def _seconds_between(earlier: str, later: str) -> float:
    try:
        return (parsedate_to_datetime(later) - parsedate_to_datetime(earlier)).total_seconds()
    except (TypeError, ValueError):
        return math.nan
