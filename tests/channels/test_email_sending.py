"""A reply becomes a mail on a real server, and each way it can go wrong has its own outcome."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from channels import mail_writing, smtp
from channels.email import Email
from channels.mail_headers import OWN_MARK
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, OutgoingFile, Sent
from domain.words import Visibility
from tests.channels.mail_servers import HOST, PASSWORD, USER, PostOffice, certificate, post_office
from tests.channels.mails import ACCOUNT, PDF

REPLY = UUID("0192f3a0-0000-7000-8000-000000000001")
PROTOCOL = "20260914123456784"
OUTGOING = Outgoing(
    reply_id=REPLY,
    account_id=ACCOUNT,
    account_name="SAC",
    account_handle=None,
    account_external_id=USER,
    connection={},
    visibility=Visibility.PRIVATE,
    text="Olá, Lúcia.\n.\nO bolo sai hoje.",
    to_external_id="lucia@example.com",
    to_handle=None,
    to_name="Dona Lúcia",
    protocol=PROTOCOL,
    subject="Bolo sem cobertura",
    parent_external_id="m2@example.com",
    references=("m1@example.com", "reply-0@padaria.example"),
)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as opened:
        yield opened


def server(office: PostOffice, **more: Any) -> dict[str, Any]:
    usual = {"host": HOST, "port": office.port, "security": "none"}
    return {**usual, "user": USER, "password": PASSWORD, **more}


async def send(office: PostOffice, outgoing: Outgoing = OUTGOING, **more: Any) -> Outcome:
    connection = {"address": USER, "fromName": "Padaria", "smtp": server(office, **more)}
    return await Email().send(replace(outgoing, connection=connection))


async def test_machines_are_told_what_nobody_wrote(office: PostOffice) -> None:
    await send(office, replace(OUTGOING, automated=True))

    [(_, mail)] = office.taken
    assert mail["Auto-Submitted"] == "auto-replied"


async def test_a_reply_arrives_with_the_headers_that_keep_the_thread(office: PostOffice) -> None:
    outcome = await send(office)

    [(envelope, mail)] = office.taken
    sent_id = f"reply-{REPLY.hex}@padaria.example"
    assert outcome == Sent(sent_id)
    assert (envelope.mail_from, envelope.rcpt_tos) == (USER, ["lucia@example.com"])
    assert mail["From"] == "Padaria <sac@padaria.example>"
    assert mail["To"] == "Dona Lúcia <lucia@example.com>"
    assert mail["Subject"] == f"Re: Bolo sem cobertura [{PROTOCOL}]"
    assert mail["Message-ID"] == f"<{sent_id}>"
    assert mail["In-Reply-To"] == "<m2@example.com>"
    assert mail["References"] == ("<m1@example.com> <reply-0@padaria.example> <m2@example.com>")
    assert mail["Auto-Submitted"] == "no"
    assert mail[OWN_MARK].endswith(REPLY.hex)
    assert mail["Date"]
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == [
        *OUTGOING.text.splitlines(),
        "",
        "-- ",
        f"Protocolo {PROTOCOL}. Para continuar, responda a este e-mail.",
    ]


async def test_files_go_along(office: PostOffice) -> None:
    files = (
        OutgoingFile("nota nº 1.pdf", "application/pdf", PDF),
        OutgoingFile("lista.txt", "text/plain", "pão\nbolo".encode()),
        OutgoingFile("x", "nonsense", b"\x00"),
    )

    await send(office, replace(OUTGOING, files=files))

    got = [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in office.taken[-1][1].iter_attachments()
    ]
    assert got == [
        ("nota nº 1.pdf", "application/pdf", PDF),
        ("lista.txt", "text/plain", "pão\nbolo".encode()),
        ("x", "application/octet-stream", b"\x00"),
    ]


async def test_letters_of_an_address_travel_where_the_server_can(office: PostOffice) -> None:
    assert isinstance(await send(office, replace(OUTGOING, to_external_id="lú@exämple.com")), Sent)
    assert office.taken[0][0].rcpt_tos == ["lú@exämple.com"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_over_tls_only_a_server_that_proves_itself_is_told_anything(
    security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    async with post_office(**{security: context}) as office:
        stranger = await send(office, security=security, host="localhost")
        assert isinstance(stranger, NotSent)
        assert stranger.whole_account

        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert isinstance(await send(office, security=security, host="localhost"), Sent)


# ── nothing slips into a header ────────────────────────────────────────────────────────────────

SLIPPED = "x\r\nBcc: todos@example.com\r\n\r\noi"


@pytest.mark.parametrize(
    "change",
    [
        {"subject": SLIPPED},
        {"to_name": SLIPPED},
        {"account_name": SLIPPED},
        {"parent_external_id": SLIPPED},
        {"references": (SLIPPED, "a>\r\nBcc: <todos@example.com")},
        {"files": (OutgoingFile(SLIPPED, "text/plain\r\nBcc: todos@example.com", b"x"),)},
        {"subject": "=?utf-8?Q?x=0D=0ABcc:_todos@example.com?="},
        {"subject": "x\x0bBcc: todos@example.com\x00\u2028Bcc: a@b.c"},
    ],
)
async def test_a_line_break_begins_no_other_header(
    office: PostOffice, change: dict[str, Any]
) -> None:
    await send(office, replace(OUTGOING, **change))

    envelope, mail = office.taken[-1]
    assert envelope.rcpt_tos == ["lucia@example.com"]
    assert mail["Bcc"] is None
    assert len(mail.get_all("To") or []) == 1
    assert mail["Message-ID"] == f"<reply-{REPLY.hex}@padaria.example>"


@pytest.mark.parametrize(
    "address",
    [
        "ninguém",
        "",
        "@example.com",
        "lucia@",
        "lucia@example.com\r\nBcc: todos@example.com",
        "lucia@example.com>\r\nRCPT TO:<todos@example.com",
        "lucia@example.com, todos@example.com",
        "lucia example.com",
        "a b@example.com",
        "<lucia@example.com>",
    ],
)
async def test_a_mail_to_nobody_is_declined_before_anything_is_said(
    office: PostOffice, address: str
) -> None:
    outcome = await send(office, replace(OUTGOING, to_external_id=address))

    assert outcome == Declined("mail_address_refused")
    assert office.taken == []


@pytest.mark.parametrize(
    ("before", "written"),
    [
        (None, f"Re: [{PROTOCOL}]"),
        ("", f"Re: [{PROTOCOL}]"),
        ("Bolo", f"Re: Bolo [{PROTOCOL}]"),
        ("RE: Re: Enc: Bolo", f"Re: Bolo [{PROTOCOL}]"),
        (f"Re: Bolo [{PROTOCOL}]", f"Re: Bolo [{PROTOCOL}]"),
        (f"Res: [{PROTOCOL}] Bolo [{PROTOCOL}]", f"Re: Bolo [{PROTOCOL}]"),
        ("x" * 900, f"Re: {'x' * 300} [{PROTOCOL}]"),
    ],
)
def test_the_subject_has_the_number_once(before: str | None, written: str) -> None:
    assert mail_writing.subject(before, PROTOCOL) == written


def test_references_are_bounded_and_only_ids_of_mails() -> None:
    ids = ["sha256:abc", "não é", *(f"{n}@x" for n in range(100))]

    kept = mail_writing.references(ids)

    assert len(kept) == 20
    assert (kept[0], kept[-1]) == ("0@x", "99@x")


# ── how it can end ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_later_is_provably_not_sent(office: PostOffice, step: str) -> None:
    office.answers[step] = "451 4.3.0 try again later"

    outcome = await send(office)

    assert isinstance(outcome, NotSent)
    assert not outcome.whole_account
    assert office.taken == []


async def test_a_server_that_closes_is_of_the_whole_account(office: PostOffice) -> None:
    office.answers["MAIL"] = "421 4.3.2 closing"

    outcome = await send(office)

    assert isinstance(outcome, NotSent)
    assert outcome.whole_account
    assert outcome.wait is not None


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("550 5.1.1 <lucia@example.com>: no such user", "mail_address_unknown"),
        ("550 Requested action not taken: mailbox unavailable", "mail_address_unknown"),
        ("552 5.2.2 mailbox full", "mail_box_full"),
        ("552 5.3.4 message exceeds size limit", "mail_too_large"),
        ("554 5.7.1 blocked as spam", "mail_taken_for_spam"),
        ("554 no", "mail_refused"),
    ],
)
async def test_never_is_declined_in_words_that_one_understands(
    office: PostOffice, step: str, said: str, sentence: str
) -> None:
    office.answers[step] = said

    outcome = await send(office)

    assert isinstance(outcome, Declined)
    assert outcome.sentence == sentence
    assert "lucia@" not in (outcome.detail or "")


async def test_a_connection_lost_before_the_answer_leaves_a_doubt(office: PostOffice) -> None:
    office.answers["DATA"] = "cut"

    outcome = await send(office)

    assert isinstance(outcome, Doubtful)
    assert len(office.taken) == 1


async def test_silence_after_the_message_leaves_a_doubt(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "TAKING", 0.2)
    office.answers["DATA"] = "hang"

    assert isinstance(await send(office), Doubtful)


async def test_a_wrong_password_stops_the_whole_account(office: PostOffice) -> None:
    outcome = await send(office, password="errada")

    assert isinstance(outcome, NotSent)
    assert (outcome.sentence, outcome.whole_account) == ("mail_sign_in", True)
    assert "errada" not in (outcome.detail or "")


async def test_nobody_at_the_address_stops_the_whole_account(office: PostOffice) -> None:
    outcome = await send(office, port=1)

    assert isinstance(outcome, NotSent)
    assert (outcome.sentence, outcome.whole_account) == ("mail_server_away", True)


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)
        writer.close()

    monkeypatch.setattr(smtp, "STEP", 0.2)
    silent = await asyncio.start_server(say_nothing, HOST, 0)
    port = silent.sockets[0].getsockname()[1]
    began = time.monotonic()

    outcome = await send(PostOffice(port))
    silent.close()

    assert isinstance(outcome, NotSent)
    assert time.monotonic() - began < 5


async def test_without_a_connection_nothing_is_tried() -> None:
    outcome = await Email().send(OUTGOING)

    assert isinstance(outcome, NotSent)
    assert (outcome.sentence, outcome.whole_account) == ("mail_not_connected", True)
