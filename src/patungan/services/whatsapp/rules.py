"""Decisions of whatsapp: what may be sent, what an attempt's outcome means, and where a message's status may go. No I/O."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import cast

import msgspec

from patungan.contracts.whatsapp import UnknownTemplate
from patungan.kernel.errors import InvalidInput
from patungan.kernel.phones import normalise_phone
from patungan.services.whatsapp.templates import LONGEST_BODY, TEMPLATES, Language, Template

DELIVERY_HOURS = 24
"""How long a queued message is tried; what it says is stale afterwards."""
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 900.0
UNKNOWN_WAIT_SECONDS = 60.0
"""How long WhatsApp's callback, which names our reference, may take to tell that a message did go out."""
UNKNOWN_OUTCOMES = 3
"""After so many attempts of unknown outcome a message is not sent again: the receiver may have it three times."""
CLAIM_SECONDS = 15
"""Longer than one attempt lasts; after it the process that made the attempt is taken for dead."""
ABANDONED_SECONDS = 60
"""After so long nobody waits any more for a message that was to go out at once, and whose process died over it."""


class Status(enum.StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Verdict(enum.StrEnum):
    """How an attempt to hand a message over ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


UNAVAILABLE = "unavailable"
OUTCOME_UNKNOWN = "outcome unknown"
TEMPLATE_CHANGED = "template changed"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one attempt; ``failure`` groups what went wrong, ``wait`` is the provider's wish in seconds."""

    verdict: Verdict
    provider_id: str | None = None
    failure: str | None = None
    error_code: str | None = None
    wait: float = 0.0


class Prepared(msgspec.Struct, frozen=True):
    """A message that may be sent: the number as stored, the template, and parameters as WhatsApp takes them."""

    phone: str
    template: Template
    language: Language
    parameters: list[str]

    @property
    def stored_parameters(self) -> list[str]:
        return [] if self.template.secret else self.parameters


def prepare(phone: str, template_name: str, language: str, parameters: list[str]) -> Prepared:
    """Check a message; raises UnknownTemplate, or InvalidInput naming the field."""
    stored = normalise_phone(phone)
    if stored is None:
        raise InvalidInput("This is not an Indonesian mobile number", field="phone")
    template = TEMPLATES.get(template_name)
    if template is None:
        raise UnknownTemplate(field="template")
    if language not in template.texts:
        raise UnknownTemplate("The template has no text in this language", field="language")
    if len(parameters) != len(template.parameters):
        raise InvalidInput(
            f"The template takes {len(template.parameters)} parameters: {', '.join(template.parameters)}",
            field="parameters",
        )
    lines = [one_line(each) for each in parameters]
    if not all(lines):
        raise InvalidInput("A parameter is empty", field="parameters")
    spoken = cast("Language", language)
    if len(template.filled(spoken, lines)) > LONGEST_BODY:
        raise InvalidInput(f"The message would have more than {LONGEST_BODY} characters", field="parameters")
    return Prepared(stored, template, spoken, lines)


def one_line(text: str) -> str:
    """A parameter without what WhatsApp refuses in one: line breaks, tabs and runs of spaces."""
    return ", ".join(line for line in (" ".join(each.split()) for each in text.splitlines()) if line)


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt leaves behind: the new status, and for one that stays queued when it is tried again."""

    status: Status
    failure: str | None = None
    next_attempt_at: datetime | None = None


def settle(
    outcome: Outcome,
    *,
    attempts: int,
    unknown_outcomes: int,
    deliver_until: datetime | None,
    now: datetime,
    jitter: float,
) -> Settlement:
    """What becomes of a message after an attempt; the counts include it. A message without ``deliver_until`` is for
    somebody who waits: it fails at once, and its sender takes another way."""
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return Settlement(status=Status.SENT)
        case Verdict.REFUSED:
            return Settlement(status=Status.FAILED, failure=outcome.failure or Verdict.REFUSED)
        case Verdict.LATER:
            wait = max(outcome.wait, min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 10)))
            failure, exhausted = UNAVAILABLE, False
        case Verdict.UNKNOWN:
            wait = UNKNOWN_WAIT_SECONDS
            failure, exhausted = OUTCOME_UNKNOWN, unknown_outcomes >= UNKNOWN_OUTCOMES
    following = now + timedelta(seconds=wait * jitter)
    if deliver_until is None or exhausted or following >= deliver_until:
        return Settlement(status=Status.FAILED, failure=failure)
    return Settlement(status=Status.QUEUED, next_attempt_at=following)


_WAY = (Status.QUEUED, Status.SENT, Status.DELIVERED, Status.READ)


def moved(current: Status, failure: str | None, news: Status) -> Status:
    """The status after news from WhatsApp: only forward, whatever the order of arrival.

    A failure that we only assumed gives way to news that the message did go out; one that WhatsApp told stands.
    """
    if news is Status.FAILED:
        return Status.FAILED if current in (Status.QUEUED, Status.SENT) else current
    if current is Status.FAILED:
        return news if failure in (OUTCOME_UNKNOWN, UNAVAILABLE) else current
    return max(current, news, key=_WAY.index)


def masked(phone: str) -> str:
    """A number as an administrator sees it: ``+62812*****678``."""
    return f"{phone[:6]}{'*' * (len(phone) - 9)}{phone[-3:]}"
