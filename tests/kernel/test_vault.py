"""What the vault promises: only the same key, purpose and row open what it sealed."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.vault import Vault, VaultUnreadable

ROW = UUID("01890000-0000-7000-8000-000000000001")
PURPOSE = "bank accounts"


@given(st.text("0123456789", min_size=8, max_size=20), st.uuids())
def test_the_vault_gives_back_what_was_put_in(number: str, row_id: UUID) -> None:
    vault = Vault("a key", PURPOSE)
    sealed = vault.seal(number, row_id)
    assert number.encode() not in sealed
    assert vault.open(sealed, row_id) == number
    assert vault.seal(number, row_id) != sealed


def test_the_vault_refuses_other_keys_purposes_and_rows_and_changed_bytes() -> None:
    sealed = Vault("a key", PURPOSE).seal("8410000101", ROW)
    attempts = [
        (Vault("another key", PURPOSE), sealed, ROW),
        (Vault("a key", "something else"), sealed, ROW),
        (Vault("a key", PURPOSE), sealed, uuid4()),
        (Vault("a key", PURPOSE), sealed[:-1] + bytes([sealed[-1] ^ 1]), ROW),
        (Vault("a key", PURPOSE), b"\x02" + sealed[1:], ROW),
    ]
    for vault, stored, row_id in attempts:
        with pytest.raises(VaultUnreadable):
            vault.open(stored, row_id)


def test_a_fingerprint_tells_equal_texts_of_one_owner_and_nothing_else() -> None:
    vault, owner = Vault("a key", PURPOSE), uuid4()
    known = vault.fingerprint("8410000101", owner)
    assert known == Vault("a key", PURPOSE).fingerprint("8410000101", owner)
    others = [
        vault.fingerprint("8410000102", owner),
        vault.fingerprint("8410000101", uuid4()),
        Vault("another key", PURPOSE).fingerprint("8410000101", owner),
        Vault("a key", "something else").fingerprint("8410000101", owner),
    ]
    assert known not in others
