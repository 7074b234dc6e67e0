"""Decisions of whatsapp: what may be sent, what an attempt's outcome means, and where a message's status may go. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Sequence
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
REASON_HOURS = 24
"""How long a text after a pressed button counts as its reason: as long as we may write back freely."""
LONGEST_PAYLOAD = 128
LONGEST_REASON = 500
LONGEST_INBOUND = 4096
PAIR_WAIT_SECONDS = 6.0
"""WhatsApp's pace for one receiver, after its burst is used up."""
PAUSE_SECONDS = 30.0
"""How long nothing goes out after WhatsApp spoke of a limit and did not say how long it lasts."""
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
OPTED_OUT = "opted out"


class InboundOutcome(enum.StrEnum):
    """What became of a message to us; ``free`` is for people to read."""

    FREE = "free"
    ANSWER = "answer"
    REASON = "reason"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    UNKNOWN_BUTTON = "unknown_button"


_STOP_WORDS = frozenset({"stop", "berhenti", "unsubscribe", "stop promosi"})
_START_WORDS = frozenset({"start", "mulai", "subscribe"})


def wish_of(text: str) -> InboundOutcome | None:
    """Whether a text is the word by which somebody wants no more messages, or wants them again."""
    word = " ".join(text.split()).strip(".!").casefold()
    if word in _STOP_WORDS:
        return InboundOutcome.OPT_OUT
    return InboundOutcome.OPT_IN if word in _START_WORDS else None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one attempt; ``failure`` groups what went wrong, ``wait`` is the provider's wish in seconds."""

    verdict: Verdict
    provider_id: str | None = None
    failure: str | None = None
    error_code: str | None = None
    wait: float = 0.0
    pause: float = 0.0
    """Seconds in which nothing at all is to be sent, because the limit that was met is not this receiver's."""


class Prepared(msgspec.Struct, frozen=True):
    """A message that may be sent: the number as stored, the template, parameters as WhatsApp takes them, and what its
    buttons send back."""

    phone: str
    template: Template
    language: Language
    parameters: list[str]
    payloads: list[str] = []

    @property
    def stored_parameters(self) -> list[str]:
        return [] if self.template.secret else self.parameters


def prepare(
    phone: str, template_name: str, language: str, parameters: list[str], payloads: Sequence[str] = ()
) -> Prepared:
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
    if payloads and len(payloads) != len(template.buttons.get(spoken, ())):
        raise InvalidInput("The template has another number of buttons", field="buttons")
    if not all(1 <= len(payload) <= LONGEST_PAYLOAD for payload in payloads) or len(set(payloads)) != len(payloads):
        raise InvalidInput(f"Each button has a payload of its own, of {LONGEST_PAYLOAD} characters", field="buttons")
    return Prepared(stored, template, spoken, lines, list(payloads))


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
