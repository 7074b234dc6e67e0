"""What somebody is told, in both languages. No I/O."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.services.notification.rules import NotificationType

LONGEST_TITLE = 100
LONGEST_MESSAGE = 500
LONGEST_NAME = 80
"""Of a product's or factory's name inside a message; what is longer is cut off."""


class Text(msgspec.Struct, frozen=True):
    """A title and a message in one language."""

    title: str
    message: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that is not addressed yet; ``action_url`` is the page that shows ``related_id``."""

    type: NotificationType
    indonesian: Text
    english: Text
    action_url: str | None
    related_id: UUID


def shortened(name: str) -> str:
    """A name on one line, short enough to stand in a message."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1].rstrip()}…"
