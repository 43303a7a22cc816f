"""E-mails as people and machines send them, well or badly: read into a post, whatever they are."""

import time
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Own, Unreadable
from channels.email import Email
from channels.mail_headers import OWN_MARK, own_mark
from domain.post import Post, Undelivered
from domain.rules.wording import TEXT_LENGTH
from domain.words import OccurrenceKind
from tests.channels.mails import (
    ACCOUNT,
    PDF,
    attached,
    mail,
    multipart,
    part,
    read,
    refused,
    returned,
    with_files,
)

PROTOCOL = "20260914123456784"
A_MOMENT = 5.0


# ── what a mail says ───────────────────────────────────────────────────────────────────────────


def test_a_mail_is_a_post_of_who_wrote_it() -> None:
    post = read(mail())

    assert post.external_id == "m1@example.com"
    assert post.kind is OccurrenceKind.EMAIL
    assert (post.author.external_id, post.author.name) == ("lucia@example.com", "Dona Lúcia")
    assert post.author.email == "lucia@example.com"
    assert (post.subject, post.text) == ("Pedido 1001", "O bolo veio sem cobertura.")
    assert post.occurred_at == datetime(2026, 9, 14, 12, tzinfo=UTC)
    assert (post.automated, post.files, post.references) == (False, (), ())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?B?UmVjbGFtYcOnw6Nv?=", "Reclamação"),
        ("=?ISO-8859-1?Q?Reclama=E7=E3o?= de =?utf-8?q?bolo?=", "Reclamação de bolo"),
        # A letter cut in two, as some software does.
        ("=?utf-8?B?UmVjbGFtYcM=?= =?utf-8?B?p8Ojbw==?=", "Reclamação"),
        ("=?x-unknown?Q?a=E7=E3o?=", "ação"),
        ("=?utf-8?Z?abc?=", "=?utf-8?Z?abc?="),
        ("Reclamação", "Reclamação"),
        ("", None),
        ("a\r\n b", "a b"),
        ("=?utf-8?Q?a=0D=0ABcc:_x@y.example?=", "a Bcc: x@y.example"),
        ("a\x00b\x07", "ab"),
    ],
)
def test_a_subject_is_read_however_it_was_encoded(written: str, meant: str | None) -> None:
    assert read(mail(subject=written)).subject == meant


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("LUCIA@Example.COM", "lucia@example.com"),
        ('"Lúcia, a dona" <lucia@example.com>', "lucia@example.com"),
        ("a@example.com b@example.com", "a@example.com"),
        ("ninguém, lucia@example.com", "lucia@example.com"),
        ("<lucia@example.com", "lucia@example.com"),
        ("Jöhn <jdöe@mächine.example>", "jdöe@mächine.example"),
    ],
)
def test_the_first_usable_sender_wrote_it(sender: str, address: str) -> None:
    assert read(mail(sender=sender)).author.external_id == address


def test_a_form_that_writes_as_nobody_names_its_visitor() -> None:
    visitor = ["Reply-To: lucia@example.com"]

    assert read(mail(sender="no-reply@site.example", headers=visitor)).author.external_id == (
        "lucia@example.com"
    )
    assert read(mail(sender="bia@example.com", headers=visitor)).author.external_id == (
        "bia@example.com"
    )


@pytest.mark.parametrize("sender", ["", "ninguém", "<>", "@", "a@", "x" * 300 + "@example.com"])
def test_a_mail_of_nobody_is_unreadable(sender: str) -> None:
    with pytest.raises(Unreadable):
        Email().read(mail(sender=sender), Own(ACCOUNT), UUID)


@pytest.mark.parametrize("date", [None, "", "amanhã", "Mon, 99 Sep 2026 99:00:00", "0" * 9_000])
def test_without_a_date_that_can_be_read_it_came_now(date: str | None) -> None:
    post = read(mail(date=date))

    assert post.occurred_at is None
    assert post.own_clock


def test_without_an_id_the_same_bytes_get_the_same_one() -> None:
    one, again = read(mail(message_id=None)), read(mail(message_id=None))
    other = read(mail("Outro texto.", message_id=None))

    assert one.external_id == again.external_id != other.external_id
    assert one.external_id.startswith("sha256:")
    assert len(read(mail(message_id=f"<{'x' * 300}@y>")).external_id) <= 200


@pytest.mark.parametrize(
    ("data", "charset", "meant"),
    [
        ("Não".encode(), "utf-8", "Não"),
        ("Não".encode("latin-1"), "iso-8859-1", "Não"),
        ("Não".encode("latin-1"), "us-ascii", "Não"),
        ("Não".encode("latin-1"), "x-unknown", "Não"),
        ("Não".encode(), "iso-8859-1", "Não"),
        ("Não\\n".encode(), "unicode_escape", "Não\\n"),
        ("Não".encode("latin-1"), "utf-8", "N\N{REPLACEMENT CHARACTER}o"),
        ("“Não”".encode("cp1252"), "iso-8859-1", "“Não”"),
        (b"N+AOM-o", "utf-7", "Não"),
        ("Não".encode("utf-16"), "utf-16", "Não"),
        (b"a\x00b", "utf-8", "ab"),
    ],
)
def test_letters_are_read_as_well_as_can_be(data: bytes, charset: str, meant: str) -> None:
    assert read(mail(data, kind=f"text/plain; charset={charset}")).text == meant


@pytest.mark.parametrize("body", ["====", "São", "a" * 7, "\x00\xff", "T2zDoQ"])
def test_base64_that_is_none_is_read_as_far_as_it_goes(body: str) -> None:
    read(mail(body, headers=["Content-Transfer-Encoding: base64"]))


def test_the_words_are_preferred_and_html_is_kept_beside_them() -> None:
    kind, body = multipart(
        part("Em palavras"), part("<b>Em HTML</b>", "text/html"), kind="alternative"
    )

    post = read(mail(body, kind=kind))

    assert post.text == "Em palavras"
    assert post.html == "<b>Em HTML</b>"


def test_html_alone_is_put_into_words() -> None:
    html = (
        "<html><head><title>x</title></head><body><p>Olá</p><ul><li>um<li>dois</ul></body></html>"
    )

    post = read(mail(html, kind="text/html; charset=utf-8"))

    assert "Olá" in post.text
    assert "* um\n" in post.text


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<img src="https://spy.example/pixel.png" alt="foto">',
        '<img src="cid:1" onerror="alert(1)">',
        '<p style="background:url(https://spy.example/x)">x</p>',
        "<style>@import 'https://spy.example/x.css';</style>",
        '<link rel="stylesheet" href="https://spy.example/x.css">',
        '<iframe src="https://spy.example"></iframe>',
        '<svg><script href="https://spy.example"/></svg>',
        '<form action="https://spy.example"><input name="senha"></form>',
        '<meta http-equiv="refresh" content="0;url=https://spy.example">',
        '<base href="https://spy.example/">',
        '<table background="https://spy.example/x.png"><tr><td>x</td></tr></table>',
    ],
)
def test_nothing_in_html_acts_or_loads(html: str) -> None:
    post = read(mail(f"<p>Olá</p>{html}", kind="text/html"))

    assert "Olá" in (post.html or "")
    for word in ("spy.example", "script", "onerror", "style", "cid:", "<input", "<form"):
        assert word not in (post.html or "")


@pytest.mark.parametrize(
    ("headers", "body"), [([], ""), (["Content-Transfer-Encoding: base64"], "===")]
)
def test_without_a_body_the_subject_speaks(headers: list[str], body: str) -> None:
    assert read(mail(body, headers=headers)).text == "Pedido 1001"
    assert read(mail(body, subject="", headers=headers)).text == "[sem texto]"


def test_an_answer_under_a_quotation_is_read_first() -> None:
    quoted = "Em 14/09/2026, SAC escreveu:\n> Qual é o pedido?\n>\n\n1001, obrigada.\n"

    assert read(mail(quoted)).text == (
        "1001, obrigada.\n\nEm 14/09/2026, SAC escreveu:\n> Qual é o pedido?\n>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Segue.\n\n> Qual é o pedido?",
        "> Qual é o pedido?\n1001\n> E o nome?\nLúcia",
        "> Só a citação",
        "Um\nDois\nTrês\n> citado\nfim",
    ],
)
def test_other_answers_stay_as_they_were_written(text: str) -> None:
    assert read(mail(text)).text == text


def test_a_long_text_is_cut() -> None:
    post = read(mail("é" * 100_000))

    assert len(post.text) == TEXT_LENGTH
    assert post.text.endswith("[…]")


# ── what it belongs to ─────────────────────────────────────────────────────────────────────────


def test_what_it_answers_is_named_nearest_first() -> None:
    headers = ["References: <a@x> <b@x>\r\n <c@x>", "In-Reply-To: <c@x>"]

    post = read(mail(headers=headers))

    assert post.references == ("c@x", "b@x", "a@x")
    assert post.parent_external_id == "c@x"


def test_a_thousand_references_are_too_many() -> None:
    named = " ".join(f"<{number}@x>" for number in range(300))

    post = read(mail(headers=[f"References: {named}"]))

    assert len(post.references) == 20
    assert (post.references[0], post.references[-1]) == ("299@x", "0@x")


@pytest.mark.parametrize(
    ("subject", "text", "named"),
    [
        (f"Re: Pedido [{PROTOCOL}]", "Oi", PROTOCOL),
        ("Re: Pedido", f"Oi\n> Protocolo {PROTOCOL}.", PROTOCOL),
        (f"1{PROTOCOL}", "Oi", None),
        ("Nota 35260912345678901234550010000012341234567890", "Oi", None),
        (PROTOCOL[:-1] + str((int(PROTOCOL[-1]) + 1) % 10), "Oi", None),
    ],
)
def test_a_protocol_number_is_found_by_its_check_digit(
    subject: str, text: str, named: str | None
) -> None:
    assert read(mail(text, subject=subject)).protocol == named


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation)",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "Precedence: junk",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "List-Id: ofertas <ofertas.example.com>",
    ],
)
def test_headers_tell_a_machine(header: str) -> None:
    assert read(mail(headers=[header])).automated


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Precedence: normal", "Return-Path: <lucia@example.com>"]
)
def test_a_person_is_no_machine_even_on_holiday(header: str) -> None:
    assert not read(mail(subject="Férias: resposta automática", headers=[header])).automated


def test_our_own_mail_that_comes_back_is_told_so() -> None:
    ours = f"{OWN_MARK}: {own_mark(ACCOUNT, UUID(int=1))}"
    of_others = f"{OWN_MARK}: {own_mark(UUID(int=8), UUID(int=1))}"

    assert refused(mail(headers=[ours])).sentence == "own_message"
    assert read(mail(headers=[of_others])).text == "O bolo veio sem cobertura."


def test_a_report_says_which_of_our_mails_will_not_arrive() -> None:
    post = read(returned("reply-1@padaria.example", said="550 5.1.1 <lucia@example.com> unknown"))

    assert post.automated
    assert post.undelivered == Undelivered("reply-1@padaria.example", "550 5.1.1 <…> unknown")


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("failed", "4.4.7")]
)
def test_a_report_of_anything_else_fails_nothing(action: str, status: str) -> None:
    post = read(returned("reply-1@padaria.example", action=action, status=status))

    assert post.automated
    assert post.undelivered is None


# ── files ──────────────────────────────────────────────────────────────────────────────────────


def test_files_come_with_their_names() -> None:
    named = part(
        PDF,
        "application/pdf",
        "Content-Disposition: attachment; filename*=utf-8''nota%20fiscal%20n%C2%BA1.pdf",
        encode=True,
    )
    nameless = part(b"\x89PNG", "image/png", "Content-ID: <1>", encode=True)

    post = read(with_files(named, nameless, attached(b"x", "../../etc/passwd")))

    assert [(each.file_name, each.media_type) for each in post.files] == [
        ("nota fiscal nº1.pdf", "application/pdf"),
        ("anexo-2.png", "image/png"),
        ("_.._etc_passwd", "application/octet-stream"),
    ]
    assert post.files[0].data == PDF
    assert post.text == "Segue a foto."


def test_a_mail_within_a_mail_is_a_file_and_is_not_opened() -> None:
    inner = part(mail("segredo", sender="outro@example.com"), "message/rfc822")

    post = read(with_files(inner))

    assert [(each.file_name, each.media_type) for each in post.files] == [
        ("anexo-1.eml", "message/rfc822")
    ]
    assert "segredo" not in post.text


# ── what is meant to break it ──────────────────────────────────────────────────────────────────


def deep(levels: int) -> bytes:
    nested = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n".encode()
        for level in range(levels)
    )
    return b"From: a@example.com\r\n" + nested


def wide(parts: int) -> bytes:
    return b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + (
        b"--b\r\n\r\nx\r\n" * parts
    )


BOMBS: dict[str, bytes] = {
    "nested": deep(50_000),
    "many parts": wide(500_000),
    "many almost boundaries": mail(b"x--b" * 2_000_000, kind="multipart/mixed; boundary=b"),
    "a header of a megabyte": mail(headers=[f"X-Long: {'x' * 1_000_000}"]),
    "a thousand recipients": mail(to=", ".join(f"p{n}@example.com" for n in range(1_000))),
    "a sender of a megabyte": mail(sender="lucia@example.com, " + "(" * 1_000_000),
    "nested comments": mail(sender="(" * 8_000 + "lucia@example.com"),
    "many headers": mail(headers=[f"X-{n}: x" for n in range(100_000)]),
    "a subject of a megabyte": mail(subject="=?utf-8?B?w6k=?= " * 60_000),
    "html within html": mail("<div>" * 49_000 + "Olá", kind="text/html"),
    "html within html, just so": mail("<div>" * 299 + "<p>a" * 60_000, kind="text/html"),
    "formatting within formatting": mail("<b><i><a href=x>" * 20_000, kind="text/html"),
    "a table of nothing": mail("<table><tr><td>" * 20_000, kind="text/html"),
    "html without end": mail("<p>Olá</p><a " * 30_000, kind="text/html"),
    "long lines of quotation": mail(">" * 1_000_000 + "\n" + "> " * 500_000),
    "parameters": mail(kind="text/plain;" + " a=b;" * 20_000),
    "continued parameters": mail(kind="text/plain;" + "".join(f" c*{n}=b;" for n in range(9_000))),
    "empty lines": mail("\n" * 5_000_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_cut_within_a_moment(name: str) -> None:
    began = time.process_time()
    with suppress(Unreadable):
        Email().read(BOMBS[name], Own(ACCOUNT), UUID)

    assert time.process_time() - began < A_MOMENT


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_mail_or_unreadable(raw: bytes) -> None:
    look(raw)


LINES = st.sampled_from(
    [
        b"From: a@example.com\r\n",
        b"Subject: =?utf-8?Q?=?=\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
        b"Content-Type: text/html; charset*=utf-8''%ff\r\n",
        b'Content-Type: text/plain; charset="utf-8\r\n',
        b"Content-Type: message/delivery-status\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Disposition: attachment; filename*0*=x''%; filename*=a\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\n",
        b"Date: Mon, 14 Sep 2026 09:00:00 +9999\r\n",
        b"Date: Sun, 31 Dec 9999 23:59:59 -2359\r\n",
        b"In-Reply-To: <\xff>\r\n",
        b"Action: failed\r\nStatus: 5.1.1\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"\r\n",
        b" \xc3\r\n",
        b"=\x00<p>\xed\xa0\x80&#0;&#xD800;</p>\r\n",
        b"\n\r\n\r",
    ]
)


@settings(deadline=None)
@given(st.lists(LINES | st.binary(max_size=40), max_size=40))
def test_any_headers_and_parts_are_a_mail_or_unreadable(lines: list[bytes]) -> None:
    look(b"From: a@example.com\r\n" + b"".join(lines))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = ("From", "FromFull", "ReplyTo", "Subject", "Date", "TextBody", "HtmlBody", "RawEmail")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from((*FIELDS, "Headers", "Attachments")), JSON))
def test_any_answer_of_postmark_is_a_mail_or_unreadable(told: dict[str, Any]) -> None:
    try:
        body = orjson.dumps({"From": "a@example.com", **told, "MessageID": "1"})
    except TypeError:  # a number or a letter that JSON has not
        return
    look(body)


def look(raw: bytes) -> None:
    """Whatever comes out can be kept as it is."""
    try:
        found = Email().read(raw, Own(ACCOUNT), UUID)
    except Unreadable:
        return
    for each in found:
        if isinstance(each, Post):
            for text in (each.text, each.subject, each.html, each.author.name, each.external_id):
                assert "\x00" not in (text or "")
                (text or "").encode()
            assert each.text.strip()
            assert 1 <= len(each.external_id) <= 200
            assert all(len(name) <= 200 for name in each.references)
            assert all(1 <= len(file.file_name) <= 200 for file in each.files)


# ── Postmark ───────────────────────────────────────────────────────────────────────────────────


def test_what_postmark_makes_of_a_mail_is_read() -> None:
    told = {
        "MessageID": "0a1b",
        "FromFull": {"Email": "Lucia@Example.com", "Name": "Dona Lúcia"},
        "Subject": "Pedido",
        "Date": "Mon, 14 Sep 2026 09:00:00 -0300",
        "TextBody": "Segue",
        "HtmlBody": "<p>Segue</p>",
        "Headers": [
            {"Name": "Message-ID", "Value": "<m9@example.com>"},
            {"Name": "In-Reply-To", "Value": "<m8@example.com>"},
            {"Name": "Auto-Submitted", "Value": "no"},
            {"Name": "Content-Type", "Value": "text/plain"},
        ],
        "Attachments": [
            {
                "Name": "nota.pdf",
                "ContentType": "application/pdf",
                "Data": b64encode(PDF).decode(),
            }
        ],
    }

    post = read(orjson.dumps(told))

    assert (post.external_id, post.references) == ("m9@example.com", ("m8@example.com",))
    assert (post.author.external_id, post.author.name) == ("lucia@example.com", "Dona Lúcia")
    assert (post.text, post.html) == ("Segue", "<p>Segue</p>")
    assert [(each.file_name, each.data) for each in post.files] == [("nota.pdf", PDF)]


def test_postmark_with_the_whole_mail_is_read_from_that() -> None:
    told = {
        "MessageID": "0a1b",
        "From": "outro@example.com",
        "RawEmail": mail("Inteiro", message_id=None, date=None).decode(),
        "Date": "Mon, 14 Sep 2026 09:00:00 -0300",
    }

    post = read(orjson.dumps(told))

    assert (post.external_id, post.author.external_id) == ("0a1b", "lucia@example.com")
    assert (post.text, post.occurred_at) == ("Inteiro", datetime(2026, 9, 14, 12, tzinfo=UTC))


def test_posts_in_our_own_words_are_read_too() -> None:
    told = {
        "externalId": "1",
        "kind": "EMAIL",
        "author": {"externalId": "lucia@example.com", "name": "Lúcia"},
        "text": "Oi",
        "occurredAt": "2026-09-14T09:00:00-03:00",
    }

    assert read(orjson.dumps(told)).text == "Oi"


@pytest.mark.parametrize("body", [b"", b" \r\n", b"{", b"[]", b"{}"])
def test_nothing_is_unreadable_or_refused(body: bytes) -> None:
    with suppress(Unreadable):
        assert not any(isinstance(each, Post) for each in Email().read(body, Own(ACCOUNT), UUID))
