"""Everything that is secret: passwords hashed, tokens made and compared, texts sealed.

All keys come from one SECRET_KEY by HKDF, each for one purpose, so that none is good for another.
"""

import asyncio
import hmac
import secrets as random
from hashlib import sha256
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.work import Secret

PREFIXES = {"session": "gs", "key": "gk", "hook": "whsec"}
KEY_ID = b"\x01"
NONCE_LENGTH = 12
KEY_BITS = 256
# Each verification takes some 20 MiB and a core for a while; more at once help nobody.
MOST_AT_ONCE = 2


def derived(secret_key: str, purpose: str, length: int = 32) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=length, salt=None, info=f"guiche/{purpose}".encode())
    return kdf.derive(secret_key.encode())


class Keyring:
    """What `domain.work.Secrets` asks for, from one secret key."""

    def __init__(self, secret_key: str) -> None:
        self.signing = derived(secret_key, "access-token")
        self.linking = derived(secret_key, "file-link")
        self._hashing = derived(secret_key, "token-hash")
        self._finding = derived(secret_key, "look-up")
        self._sealing = AESGCM(derived(secret_key, "sealing"))
        self._passwords = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._nobody = self._passwords.hash(random.token_urlsafe())
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    async def hash_password(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._passwords.hash, password)

    async def check_password(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password. For nobody it takes as long, and is never right."""
        async with self._turn:
            right = await asyncio.to_thread(self._check, password_hash or self._nobody, password)
        return right and password_hash is not None

    def _check(self, password_hash: str, password: str) -> bool:
        try:
            return self._passwords.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def make(self, kind: str) -> Secret:
        """A new token: `gk_<prefix>_<secret>`; the prefix may be shown and looked up by."""
        prefix = random.token_hex(5)
        text = f"{PREFIXES[kind]}_{prefix}_{random.token_urlsafe(24)}"
        return Secret(text=text, prefix=prefix, hash=self.hash(text))

    def hash(self, text: str) -> str:
        return hmac.new(self._hashing, text.encode(), sha256).hexdigest()

    def same(self, one: str, other: str) -> bool:
        return hmac.compare_digest(one.encode(), other.encode())

    def seal(self, text: str) -> bytes:
        return _sealed(self._sealing, text.encode(), b"")

    def unseal(self, sealed: bytes) -> str:
        """ValueError when it was not sealed with this key."""
        return _unsealed(self._sealing, sealed, b"").decode()

    # ── what is known of one person ──────────────────────────────────────────────────────────

    def new_key(self, owner: UUID) -> bytes:
        """A key of somebody's own, sealed for them alone: without it, what it sealed is lost."""
        return _sealed(self._sealing, AESGCM.generate_key(KEY_BITS), owner.bytes)

    def seal_for(self, owner: UUID, sealed_key: bytes, name: str, text: str) -> bytes:
        """Opens again only as that thing of that person."""
        own = AESGCM(_unsealed(self._sealing, sealed_key, owner.bytes))
        return _sealed(own, text.encode(), owner.bytes + name.encode())

    def unseal_for(self, owner: UUID, sealed_key: bytes, name: str, sealed: bytes) -> str:
        """ValueError when it is not theirs, not that thing, or of another SECRET_KEY."""
        own = AESGCM(_unsealed(self._sealing, sealed_key, owner.bytes))
        return _unsealed(own, sealed, owner.bytes + name.encode()).decode()

    def fingerprint(self, workspace_id: UUID, kind: str, value: str) -> str:
        """What a value is looked up by, in one workspace; it does not lead back to the value."""
        message = workspace_id.bytes + kind.encode() + b"\x1f" + value.encode()
        return hmac.new(self._finding, message, sha256).hexdigest()


def _sealed(key: AESGCM, data: bytes, bound: bytes) -> bytes:
    nonce = random.token_bytes(NONCE_LENGTH)
    return KEY_ID + nonce + key.encrypt(nonce, data, KEY_ID + bound)


def _unsealed(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    nonce, body = sealed[1 : 1 + NONCE_LENGTH], sealed[1 + NONCE_LENGTH :]
    try:
        return key.decrypt(nonce, body, sealed[:1] + bound)
    except (InvalidTag, ValueError):
        raise ValueError("sealed with another SECRET_KEY") from None
