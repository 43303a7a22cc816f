"""Real mail servers on this machine: SMTP that does wrong when told to, and IMAP."""

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from imaplib import IMAP4
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "sac@padaria.example", "pão de queijo"
HOST = "127.0.0.1"


# ── SMTP ───────────────────────────────────────────────────────────────────────────────────────


@dataclass
class PostOffice:
    """What it took, and what it answers instead of taking."""

    port: int = 0
    taken: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """By step: MAIL, RCPT, DATA; or `cut`, `hang` as an answer to DATA."""

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.get("DATA", "250 OK")
        if answer in ("cut", "hang", "250 OK"):
            content = cast(bytes, envelope.content)
            message = message_from_bytes(content, policy=default)
            self.taken.append((envelope, message))
        if answer == "cut":
            cast(asyncio.Transport, server.transport).abort()
            return "250 OK"
        if answer == "hang":
            await asyncio.sleep(60)
        return answer


def let_in(server: SMTP, session: Session, envelope: Envelope, how: str, told: Any) -> AuthResult:
    right = isinstance(told, LoginPassword) and (told.login, told.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def post_office(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> AsyncIterator[PostOffice]:
    office = PostOffice()

    def serve() -> SMTP:
        return SMTP(
            office,
            hostname="mx.padaria.example",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=let_in,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(serve, HOST, 0, ssl=tls)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await server.wait_closed()


def certificate(folder: Path) -> Path:
    """One for this machine, with its key, in one file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ip_address(HOST))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


# ── IMAP ───────────────────────────────────────────────────────────────────────────────────────


@dataclass
class MailRoom:
    """An IMAP server with one box, and what one does with it as a mail program."""

    port: int
    user: str = "sac"
    password: str = "segredo"

    @property
    def connection(self) -> dict[str, Any]:
        return {
            "host": HOST,
            "port": self.port,
            "security": "none",
            "user": self.user,
            "password": self.password,
            "folder": "INBOX",
        }

    @contextmanager
    def program(self) -> Iterator[IMAP4]:
        client = IMAP4(HOST, self.port, 10)
        try:
            client.login(self.user, self.password)
            client.select("INBOX")
            yield client
        finally:
            client.logout()

    def put(self, *mails: bytes, flags: str = "") -> None:
        with self.program() as client:
            for each in mails:
                code, told = client.append("INBOX", flags, "", each)
                assert code == "OK", told

    def numbers(self, asked: str) -> list[int]:
        """The mails of which something holds: UNSEEN, FLAGGED, ALL."""
        with self.program() as client:
            _, told = client.uid("SEARCH", asked)
            return [int(each) for each in (told[0] or b"").split()]


# It takes a second for each password, to be hard to guess.
PYMAP = (
    "from pysasl.hashing import BuiltinHash; BuiltinHash.__init__.__kwdefaults__['rounds'] = 1\n"
    "from pymap.main import main; main()"
)


@contextmanager
def mail_room(folder: Path) -> Iterator[MailRoom]:
    """pymap, in a process of its own."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", PYMAP, "--host", HOST, "--port", str(port)]
    command += ["--no-tls", "--no-service", "admin", "--no-service", "managesieve", "dict"]
    command += ["--demo-data", "--demo-user", "sac", "--demo-password", "segredo"]
    with (folder / "pymap.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _await(port, process, folder / "pymap.log")
            room = MailRoom(port)
            with room.program() as client:
                client.store("1:*", "+FLAGS", r"(\Deleted)")
                client.expunge()
            yield room
        finally:
            process.terminate()
            process.wait(10)


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = datetime.now(UTC) + timedelta(seconds=20)
    while datetime.now(UTC) < end and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), 1):
            return
    raise AssertionError(log.read_text()[-2000:])
