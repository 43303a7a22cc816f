"""Addresses that others chose: public ones alone, looked up once, and never for long."""

import asyncio
import socket
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from channels import outside
from channels.outside import NotReached, Outside
from domain.errors import Invalid
from domain.rules import links
from tests.partner import CUT, DRIP, FLOOD, HANG, REDIRECT, Partner, partner

HEADERS = {"Idempotency-Key": "k", "Guiche-Event": "TEST", "Guiche-Signature": "t=1,v1=x"}
QUICK = timedelta(seconds=1)


@pytest.fixture
async def there() -> AsyncIterator[Partner]:
    async with partner() as opened:
        yield opened


@pytest.fixture
async def here() -> AsyncIterator[Outside]:
    opened = Outside(loopback=True, patience=QUICK)
    yield opened
    await opened.close()


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """What name servers say from now on; whom they were asked for."""
    asked: list[str] = []

    def found(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1", "fc00::1"],
)
async def test_a_name_that_leads_inside_is_not_called(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    leads_to(monkeypatch, address)
    calls = Outside(patience=QUICK)

    with pytest.raises(NotReached) as refused:
        await calls.post("https://parceiro.example/", b"{}", HEADERS)
    await calls.close()

    assert refused.value.sentence == "webhook_inside"


async def test_one_address_inside_among_public_ones_is_enough_to_be_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leads_to(monkeypatch, "8.8.8.8", "2001:4860:4860::8888", "10.0.0.1")
    calls = Outside(patience=QUICK)

    with pytest.raises(NotReached) as refused:
        await calls.post("https://parceiro.example/", b"{}", HEADERS)
    await calls.close()

    assert refused.value.sentence == "webhook_inside"


async def test_a_name_is_looked_up_once_and_the_connection_made_to_what_was_found(
    there: Partner, here: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = leads_to(monkeypatch, "127.0.0.1")
    port = there.url.rpartition(":")[2]

    answer = await here.post(f"http://parceiro.example:{port}", b"{}", HEADERS)

    assert answer.status == 204
    assert asked == ["parceiro.example"]


async def test_by_http_nobody_is_called_but_this_machine_where_a_setting_says_so(
    there: Partner, here: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = Outside(patience=QUICK)
    with pytest.raises(NotReached) as inside:
        await strict.post(there.url, b"{}", HEADERS)
    await strict.close()
    leads_to(monkeypatch, "8.8.8.8")
    with pytest.raises(NotReached) as plain:
        await here.post("http://parceiro.example/", b"{}", HEADERS)

    assert inside.value.sentence == "webhook_inside"
    assert plain.value.sentence == "webhook_not_secure"
    assert there.letters == []


async def test_a_redirect_is_an_answer_and_is_not_followed(there: Partner, here: Outside) -> None:
    there.next.append(REDIRECT)

    answer = await here.post(there.url, b"{}", HEADERS)

    assert answer.status == 302
    assert len(there.letters) == 1


@pytest.mark.parametrize("behaviour", [HANG, CUT])
async def test_whoever_does_not_answer_costs_its_time_and_no_more(
    there: Partner, here: Outside, behaviour: str
) -> None:
    there.next.append(behaviour)
    began = monotonic()

    with pytest.raises(NotReached) as lost:
        await here.post(there.url, b"{}", HEADERS)

    assert lost.value.sentence == "webhook_no_answer"
    assert monotonic() - began < 5


async def test_whoever_answers_byte_by_byte_is_left_when_the_time_is_over(
    there: Partner, here: Outside
) -> None:
    there.next.append(DRIP)

    with pytest.raises(NotReached) as lost:
        await here.post(there.url, b"{}", HEADERS)

    assert lost.value.detail == "no answer in time"


async def test_of_an_endless_answer_a_little_is_read(there: Partner, here: Outside) -> None:
    there.next.append(FLOOD)
    tracemalloc.start()
    answer = await here.post(there.url, b"{}", HEADERS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer.status == 200
    assert most < 8 * 2**20


async def test_a_name_server_that_is_slow_is_asked_once_for_all_who_wait(
    there: Partner, here: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = asyncio.Event()
    loop = asyncio.get_running_loop()
    asked = []

    def slow(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        asyncio.run_coroutine_threadsafe(held.wait(), loop).result()
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    port = there.url.rpartition(":")[2]
    calls = [
        asyncio.create_task(here.post(f"http://lento.example:{port}", b"{}", HEADERS))
        for _ in range(20)
    ]
    await asyncio.sleep(0)
    held.set()
    answers = await asyncio.gather(*calls)

    assert {each.status for each in answers} == {204}
    assert asked == ["lento.example"]


async def test_connections_of_hosts_that_are_no_longer_called_are_closed(
    there: Partner, here: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "KEPT", 2)
    leads_to(monkeypatch, "127.0.0.1")
    port = there.url.rpartition(":")[2]

    for number in range(5):
        await here.post(f"http://h{number}.example:{port}", b"{}", HEADERS)

    assert len(here._lines) == 2


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://Parceiro.Example", "https://parceiro.example/"),
        ("https://parceiro.example:8443/a?b=c", "https://parceiro.example:8443/a?b=c"),
        ("https://8.8.8.8/x", "https://8.8.8.8/x"),
    ],
)
def test_a_public_address_is_kept_as_networks_know_it(url: str, stored: str) -> None:
    assert links.called(url) == stored


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/a", "http://localhost/", "http://[::1]:1/"])
def test_this_machine_is_taken_only_where_a_setting_says_so(url: str) -> None:
    assert links.called(url, loopback=True) == url
    with pytest.raises(Invalid):
        links.called(url)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://parceiro.example/", "https://10.0.0.1"]
)
def test_with_that_setting_everything_else_is_as_it_was(url: str) -> None:
    with pytest.raises(Invalid):
        links.called(url, loopback=True)
