"""The decisions of factory, one by one."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.settings import SettingsError, load
from patungan.services.factory.rules import (
    IDENTITY,
    REPAIRS,
    STATUS_MOVES,
    Decision,
    FactoryStatus,
    Verdict,
    VerificationStatus,
    documents_complete,
    factory_code,
    judge_decision,
    may_become,
    verification_after,
)
from patungan.services.factory.service import Settings

STATUSES = st.sampled_from(FactoryStatus)
VERIFICATIONS = st.sampled_from(VerificationStatus)


@given(STATUSES, STATUSES, VERIFICATIONS)
def test_only_a_verified_factory_becomes_active(
    before: FactoryStatus, after: FactoryStatus, verification: VerificationStatus
) -> None:
    allowed = may_become(before, after, verification)
    assert allowed <= (after in STATUS_MOVES[before])
    if after is FactoryStatus.ACTIVE:
        assert allowed == (before is FactoryStatus.PENDING and verification is VerificationStatus.VERIFIED)


def test_pending_cannot_be_suspended_and_nothing_moves_to_itself() -> None:
    for verification in VerificationStatus:
        assert not may_become(FactoryStatus.PENDING, FactoryStatus.SUSPENDED, verification)
        for status in FactoryStatus:
            assert not may_become(status, status, verification)


def test_a_decision_is_made_on_waiting_documents_only() -> None:
    for standing in VerificationStatus:
        pending = standing is VerificationStatus.PENDING
        expected = Verdict.ALLOWED if pending else Verdict.REFUSED
        for decision in Decision:
            assert judge_decision(standing, decision, complete=True) is expected
    unverified = VerificationStatus.UNVERIFIED
    assert judge_decision(unverified, Decision.VERIFIED, complete=False) is Verdict.DOCUMENTS_MISSING
    assert judge_decision(unverified, Decision.REJECTED, complete=False) is Verdict.REFUSED


@given(VERIFICATIONS, st.sets(st.sampled_from(sorted(REPAIRS | {"description", "phone"}))), st.booleans())
def test_a_change_never_verifies(current: VerificationStatus, changed: set[str], complete: bool) -> None:
    after = verification_after(current, changed, complete=complete)
    assert after in (current, VerificationStatus.PENDING)
    if not complete:
        assert after is current
    elif current is VerificationStatus.VERIFIED:
        assert (after is VerificationStatus.PENDING) == bool(changed & IDENTITY)
    elif current is VerificationStatus.REJECTED:
        assert (after is VerificationStatus.PENDING) == bool(changed & REPAIRS)
    else:
        assert after is VerificationStatus.PENDING


@pytest.mark.parametrize(
    ("papers", "complete"),
    [(("1", "l", "g"), True), ((None, "l", "g"), False), (("1", None, "g"), False), (("1", "l", None), False)],
)
def test_three_documents_are_needed(papers: tuple[str | None, str | None, str | None], complete: bool) -> None:
    assert documents_complete(*papers) is complete


@pytest.mark.parametrize(
    ("city", "owner", "code"),
    [
        ("Kota Pekalongan", "Nur Hidayati", "FACT-PEK-NUR-000042"),
        ("Kabupaten Aceh Tengah", "Asep", "FACT-ACE-ASE-000042"),
        ("Kab. Tegal", "I Made", "FACT-TEG-IMA-000042"),
        ("Kota Administrasi Jakarta Pusat", "Li", "FACT-JAK-LIX-000042"),
        ("Kotabaru", "Éa", "FACT-KOT-AXX-000042"),
        ("", "", "FACT-XXX-XXX-000042"),
    ],
)
def test_the_code_of_a_factory(city: str, owner: str, code: str) -> None:
    assert factory_code(city, owner, "000042") == code


def test_production_needs_a_strong_encryption_key() -> None:
    strong = secrets.token_hex(48)
    given = {"PATUNGAN_ENVIRONMENT": "production", "JWT_SECRET": strong, "SERVICE_TOKEN_SECRET": strong}
    given |= {"DATABASE_URL": "postgresql://db/ecommerce", "REDIS_URL": "redis://cache"}
    for key in ("", "short", "changeme-" * 8):
        with pytest.raises(SettingsError) as refused:
            load(Settings, {**given, "DATA_ENCRYPTION_KEY": key})
        assert all(fault.startswith("DATA_ENCRYPTION_KEY ") for fault in refused.value.faults)
    settings = load(Settings, {**given, "DATA_ENCRYPTION_KEY": strong})
    assert settings.data_encryption_key == strong
    assert strong not in repr(settings)
