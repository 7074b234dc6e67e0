"""Decisions of auth: passwords, one-time passwords, refresh tokens. No I/O."""

from __future__ import annotations

import enum
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

OTP_DIGITS = 6
OTP_ATTEMPTS = 3
"""Wrong tries before a new code is needed (security checklist of the guide)."""
OTP_RESEND_SECONDS = 60
OTP_PER_HOUR = 5
REFRESH_DAYS = 30
"""Lifetime of a refresh token (DOMAIN.md 1.1, C-10)."""
PASSWORD_BYTES = (8, 72)
"""bcrypt reads no more than 72 bytes; longer passwords are refused rather than cut."""

REFRESH_CHARACTERS = 52
"""Of an alphabet of 30: 255 bits."""

BOT_USER_ID = UUID("00000000-0000-0000-0000-000000000001")
BOT_PHONE = "+628001234567"
"""The platform's own number of the guide; it is nobody's telephone and gets no codes."""


class UserStatus(enum.StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class OtpPurpose(enum.StrEnum):
    SIGNUP = "signup"
    RESET_PASSWORD = "reset_password"


class OtpVerdict(enum.Enum):
    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"


def password_is_acceptable(password: str) -> bool:
    """Whether a password has a length that bcrypt can hold whole."""
    return PASSWORD_BYTES[0] <= len(password.encode()) <= PASSWORD_BYTES[1]


def unmatchable_hash(cost: int) -> bytes:
    """A bcrypt hash of that work factor that no password is known for: comparing with it takes as long as with a real one."""
    return f"$2b${cost:02d}${'.' * 53}".encode()


def otp_hash(secret: str, phone: str, code: str) -> bytes:
    """What is stored of a code: useless without the server's secret, since six digits alone are soon guessed."""
    return hmac.new(secret.encode(), f"otp:{phone}:{code}".encode(), hashlib.sha256).digest()


def judge_otp(
    stored: bytes, given: bytes, attempts: int, expires_at: datetime, used: bool, now: datetime
) -> OtpVerdict:
    """Whether a code is right; a used, expired or three times missed one is spent."""
    if used or attempts >= OTP_ATTEMPTS or now >= expires_at:
        return OtpVerdict.SPENT
    return OtpVerdict.RIGHT if hmac.compare_digest(stored, given) else OtpVerdict.WRONG


def may_send_otp(last_sent: datetime | None, sent_this_hour: int, now: datetime) -> bool:
    """Whether another code may be sent: a minute after the last, five an hour at most."""
    if sent_this_hour >= OTP_PER_HOUR:
        return False
    return last_sent is None or now - last_sent >= timedelta(seconds=OTP_RESEND_SECONDS)


def may_sign_in(user_id: UUID, status: UserStatus) -> bool:
    """Whether an account may sign in; the platform's own never does."""
    return status is UserStatus.ACTIVE and user_id != BOT_USER_ID


def may_change_status(user_id: UUID, now: UserStatus, wanted: UserStatus) -> bool:
    """Whether an administrator may make the change: suspended and active lead to each other, deleted to nothing (DOMAIN.md 2)."""
    moves = {(UserStatus.ACTIVE, UserStatus.SUSPENDED), (UserStatus.SUSPENDED, UserStatus.ACTIVE)}
    return user_id != BOT_USER_ID and (now, wanted) in moves


def token_hash(token: str) -> bytes:
    """What is stored of a refresh token."""
    return hashlib.sha256(token.encode()).digest()
