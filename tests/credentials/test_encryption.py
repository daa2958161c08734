"""Ciphertext opens with its key, at its place, unchanged; and in no other case."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tap_instagram_business.credentials.encryption import (
    KeyRing,
    generate_key,
    is_ciphertext,
    key_id_of,
)
from tap_instagram_business.credentials.failure import CredentialsError

A, B = generate_key(), generate_key()
SECRET = "EAAcanary-encryption-0123456789"


def ring(*keys: str) -> KeyRing:
    return KeyRing.parse(",".join(keys), source="the test")


def test_what_is_encrypted_can_be_deciphered() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    assert SECRET not in ciphertext
    assert ring(A).decrypt(ciphertext, "access_token") == SECRET


def test_a_secret_is_never_encrypted_twice_to_the_same_text() -> None:
    assert ring(A).encrypt(SECRET, "access_token") != ring(A).encrypt(SECRET, "access_token")


def test_nothing_in_a_ciphertext_means_something_to_meltano_yaml_or_a_shell() -> None:
    for _ in range(50):
        ciphertext = ring(A).encrypt(SECRET, "access_token")
        assert re.fullmatch(r"enc:v1:[0-9a-f]{8}:[A-Za-z0-9_-]+", ciphertext)


def test_the_key_id_is_of_the_keys_hash() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    raw = base64.urlsafe_b64decode(A + "=")
    assert key_id_of(ciphertext) == hashlib.sha256(raw).hexdigest()[:8]


@pytest.mark.parametrize("elsewhere", ["app_secret", "17841400000000001"])
def test_a_ciphertext_serves_at_its_own_place_only(elsewhere: str) -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    with pytest.raises(CredentialsError, match="encrypted for something else"):
        ring(A).decrypt(ciphertext, elsewhere)


def test_no_flipped_bit_goes_unnoticed() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    for place in range(len(ciphertext)):
        for bit in range(7):
            flipped = chr(ord(ciphertext[place]) ^ 1 << bit)
            changed = ciphertext[:place] + flipped + ciphertext[place + 1 :]
            with pytest.raises(CredentialsError, match="setting `access_token`") as refused:
                ring(A).decrypt(changed, "access_token")
            assert SECRET not in str(refused.value)


def test_cut_short_it_is_damaged() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    for length in range(len("enc:"), len(ciphertext)):
        assert is_ciphertext(ciphertext[:length])
        with pytest.raises(CredentialsError):
            ring(A).decrypt(ciphertext[:length], "access_token")


def test_of_several_keys_the_first_encrypts_and_all_decipher() -> None:
    old = ring(A).encrypt(SECRET, "access_token")
    both = ring(B, A)
    new = both.encrypt(SECRET, "access_token")
    assert key_id_of(new) == ring(B).ids[0]
    assert both.decrypt(old, "access_token") == both.decrypt(new, "access_token") == SECRET


def test_a_wrong_key_says_which_one_is_needed() -> None:
    ciphertext = ring(A).encrypt(SECRET, "17841400000000001")
    with pytest.raises(CredentialsError) as refused:
        ring(B).decrypt(ciphertext, "17841400000000001")
    assert ring(A).ids[0] in str(refused.value)
    assert "account 17841400000000001" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", ",", "short", f"{A},short", "ä" * 43, A[:-1], A + A],
    ids=["empty", "a comma", "short", "one short", "other letters", "cut", "twice"],
)
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(CredentialsError, match="generate-key") as refused:
        KeyRing.parse(text, source="the test")
    assert not text or text == "," or text not in str(refused.value)


def test_keys_do_not_show_themselves() -> None:
    assert A not in repr(ring(A)) + repr(vars(ring(A)))
