"""A ciphertext can be decrypted only unchanged, with its key and for its owner."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tap_instagram_business.tokens.encryption import (
    KeyRing,
    generate_key,
    is_ciphertext,
    key_id_of,
)
from tap_instagram_business.tokens.errors import CredentialsError

A, B = generate_key(), generate_key()
SECRET = "EAAcanary-encryption-0123456789"


def ring(*keys: str) -> KeyRing:
    return KeyRing.parse(",".join(keys), source="the test")


def test_a_ciphertext_can_be_decrypted() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    assert SECRET not in ciphertext
    assert ring(A).decrypt(ciphertext, "access_token") == SECRET


def test_two_ciphertexts_of_a_secret_differ() -> None:
    assert ring(A).encrypt(SECRET, "access_token") != ring(A).encrypt(SECRET, "access_token")


def test_a_ciphertext_has_no_special_characters_of_yaml_or_a_shell() -> None:
    for _ in range(50):
        ciphertext = ring(A).encrypt(SECRET, "access_token")
        assert re.fullmatch(r"enc:v1:[0-9a-f]{8}:[A-Za-z0-9_-]+", ciphertext)


def test_the_key_id_is_the_beginning_of_the_hash_of_the_key() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    raw = base64.urlsafe_b64decode(A + "=")
    assert key_id_of(ciphertext) == hashlib.sha256(raw).hexdigest()[:8]


@pytest.mark.parametrize("owner", ["app_secret", "17841400000000001"])
def test_a_ciphertext_cannot_be_decrypted_for_another_owner(owner: str) -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    with pytest.raises(CredentialsError, match="encrypted for something else"):
        ring(A).decrypt(ciphertext, owner)


def test_a_flipped_bit_is_detected() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    for place in range(len(ciphertext)):
        for bit in range(7):
            flipped = chr(ord(ciphertext[place]) ^ 1 << bit)
            changed = ciphertext[:place] + flipped + ciphertext[place + 1 :]
            with pytest.raises(CredentialsError, match="Setting `access_token`") as refused:
                ring(A).decrypt(changed, "access_token")
            assert SECRET not in str(refused.value)


def test_an_incomplete_ciphertext_is_refused() -> None:
    ciphertext = ring(A).encrypt(SECRET, "access_token")
    for length in range(len("enc:"), len(ciphertext)):
        assert is_ciphertext(ciphertext[:length])
        with pytest.raises(CredentialsError):
            ring(A).decrypt(ciphertext[:length], "access_token")


def test_the_first_of_several_keys_encrypts_and_all_decrypt() -> None:
    old = ring(A).encrypt(SECRET, "access_token")
    both = ring(B, A)
    new = both.encrypt(SECRET, "access_token")
    assert key_id_of(new) == ring(B).ids[0]
    assert both.decrypt(old, "access_token") == both.decrypt(new, "access_token") == SECRET


def test_the_error_for_a_missing_key_names_it() -> None:
    ciphertext = ring(A).encrypt(SECRET, "17841400000000001")
    with pytest.raises(CredentialsError) as refused:
        ring(B).decrypt(ciphertext, "17841400000000001")
    assert ring(A).ids[0] in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", ",", "short", f"{A},short", "ä" * 43, A[:-1], A + A],
    ids=["empty", "a comma", "short", "one short", "other letters", "cut", "twice"],
)
def test_an_invalid_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(CredentialsError, match="generate-key") as refused:
        KeyRing.parse(text, source="the test")
    assert not text or text == "," or text not in str(refused.value)


def test_the_text_form_of_keys_does_not_contain_them() -> None:
    assert A not in repr(ring(A)) + repr(vars(ring(A)))
