"""Which links a text has, and where a short one may lead."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid, TooLong
from domain.rules import links
from domain.rules.wording import TEXT_LENGTH


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("veja https://loja.example/pedido/42.", ["https://loja.example/pedido/42"]),
        ("(https://loja.example/a)", ["https://loja.example/a"]),
        (
            "https://pt.wikipedia.org/wiki/Pix_(sistema)!",
            ["https://pt.wikipedia.org/wiki/Pix_(sistema)"],
        ),
        ("[aqui](https://a.example/b)", ["https://a.example/b"]),
        ("HTTP://A.example, http://b.example?", ["HTTP://A.example", "http://b.example"]),
        ("https://a.example/😀 oi", ["https://a.example/"]),
        ("https://a.example/ação?q=pão&x=1#fim", ["https://a.example/ação?q=pão&x=1#fim"]),
        ('"https://a.example/x"', ["https://a.example/x"]),
        ("<https://a.example/x>", ["https://a.example/x"]),
        ("*https://a.example/x*", ["https://a.example/x"]),
        ("javascript:alert(1) data:text/html,x ftp://a.example", []),
        ("mailto:a@b.example e www.a.example", []),
        ("http:// https://", []),
        ("xhttps://a.example", []),
        ("sem links 🙂", []),
    ],
)
def test_links_end_where_people_mean_them_to(text: str, urls: list[str]) -> None:
    found = links.find(text)

    assert [each.url for each in found] == urls
    assert [text[each.start : each.end] for each in found] == urls


@given(
    st.lists(st.sampled_from(["Olá ção ", "🙂👩‍👩‍👧", "\r\n\t", "https://a.example/x", " (", ")."]))
)
def test_everything_but_the_links_stays_to_the_byte(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = links.find(text)

    shorter = links.replaced(text, found, lambda url: url)
    marked = links.replaced(text, found, lambda _url: "\x00")

    assert shorter == text
    assert marked.count("\x00") == len(found)


@pytest.mark.parametrize("ending", [")", "]", ")].,", "."])
def test_a_link_that_ends_in_nothing_but_marks_takes_no_longer_than_a_text(ending: str) -> None:
    text = f"https://a.example/x{ending * (TEXT_LENGTH // len(ending))}"
    began = process_time()

    found = links.find(text)

    assert [each.url for each in found] == ["https://a.example/x"]
    assert process_time() - began < 1.0


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://loja.example/pedido?id=42#fim", "https://loja.example/pedido?id=42#fim"),
        ("HTTPS://Loja.Example", "https://loja.example/"),
        ("https://loja.example:443/a", "https://loja.example/a"),
        ("http://loja.example:8080/a", "http://loja.example:8080/a"),
        ("https://pão.example/ação", "https://xn--po-sia.example/a%C3%A7%C3%A3o"),
        ("https://xn--po-sia.example/", "https://xn--po-sia.example/"),
        ("https://loja.example./a", "https://loja.example/a"),
        ("https://ｌｏｊａ.example/a", "https://loja.example/a"),
        ("https://8.8.8.8/dns", "https://8.8.8.8/dns"),
        ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://a.example/%C3%A7?q=a%20b", "https://a.example/%C3%A7?q=a%20b"),
        ("https://a.example/u@v", "https://a.example/u@v"),
    ],
)
def test_the_open_web_is_led_to(url: str, stored: str) -> None:
    assert links.target(url) == stored


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/",
        "//a.example/",
        "http://",
        "http://bom.example@mau.example/",
        "http://bom.example:senha@mau.example/",
        "http://@mau.example/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://x.localhost/",
        "http://loja/",
        "http://loja./",
        "http://impressora.local/",
        "http://metadata.google.internal/",
        "http://intranet.corp/",
        "http://nas.lan/",
        "http://router.home.arpa/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.0.0.1./",
        "http://①②⑦.0.0.1/",
        "http://１２７.0.0.1/",
        "http://127。0。0。1/",
        "http://ⓛocalhost/",
        "http://10.0.0.1/",
        "http://172.16.5.4/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://255.255.255.255/",
        "http://224.0.0.1/",
        "http://192.0.2.1/",
        "http://8.8.8/",
        "http://8.8.8.8.8/",
        "http://a.example.0x10/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00::1]/",
        "http://[ff02::1]/",
        "http://[::1",
        "http://a.example:99999/",
        "http://a.example:x/",
        "http://%6c%6fcalhost/",
        "http://a..example/",
        "http://-a.example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 200 + "example/",
        "http://xn--a.example/",
    ],
)
def test_nothing_else_is(url: str) -> None:
    with pytest.raises(Invalid):
        links.target(url)


def test_an_endless_link_is_refused() -> None:
    for url in ("https://a.example/" + "x" * 10_000, "https://a.example/" + "ç" * 1_000):
        with pytest.raises(TooLong):
            links.target(url)


def test_a_slug_is_long_random_and_easily_read() -> None:
    slugs = {links.slug() for _ in range(1_000)}

    assert len(slugs) == 1_000
    assert all(links.SLUG.fullmatch(each) for each in slugs)
    assert min(map(len, slugs)) >= 7
    assert not set("0O1lIi") & set("".join(slugs))
