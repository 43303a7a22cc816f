"""Networks: how many messages their webhooks bring in, and how many replies leave, in a second.

    .venv/bin/python -m bench.networks                 # PostgreSQL from DATABASE_URL, else started
    .venv/bin/python -m bench.networks --messages 500 --replies 200

One `guiche serve` takes in what a network's double sends, each message of another author; one
`guiche work` hands replies to the double, which answers after 100 ms. Every message has its ticket,
every reply is there once.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx

from bench.stage import Stage, stage
from tests import services
from tests.channels.doubles import Double, Says, Told

ROOT = Path(__file__).parents[1]
SLOW = 0.1
SECRET = "only-for-measuring-0001"
TOKEN = "123456:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SAVE = """mutation($i: SaveAccountInput!) { saveAccount(input: $i) {
  account { id } userErrors { code message } } }"""
WATCH = """mutation($i: SaveMonitoringInput!) { saveMonitoring(input: $i) {
  monitoring { id } userErrors { code message } } }"""
LEVEL = """mutation($i: SaveLevelInput!) { saveLevel(input: $i) {
  level { id } userErrors { code message } } }"""
TICKETS = "{ tickets(first: 100, filter: {networks: [TELEGRAM]}) { nodes { id } } }"
REPLY = """mutation($i: ReplyInput!) { reply(input: $i) { reply { id } userErrors { code } } }"""


def answers(told: Told) -> Says:
    return Says({"ok": True, "result": {"message_id": 9, "chat": {"id": 42}}})


class Slowly(Double):
    """Answers each after a while, as a network far away does."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(SLOW)
        await super().serve(reader, writer)


def update(number: int) -> bytes:
    person = {"id": number, "first_name": f"Pessoa {number}"}
    chat = {"id": number, "type": "private"}
    message = {"message_id": number, "from": person, "chat": chat, "date": int(time.time())}
    return json.dumps({"update_id": number, "message": {**message, "text": "Cadê?"}}).encode()


async def furnished(place: Stage) -> str:
    client = place.client()
    account = (
        await client.ask(
            SAVE,
            i={
                "network": "TELEGRAM",
                "name": "Bot",
                "credentials": SECRET,
                "connection": json.dumps({"token": TOKEN}),
            },
        )
    )["saveAccount"]["account"]["id"]
    asked = {"id": place.level, "name": "Bench", "accountIds": [place.account, account]}
    await client.ask(LEVEL, i=asked)
    watched = {"name": "Bot", "levelId": place.level, "accountIds": [account]}
    await client.ask(WATCH, i=watched)
    client.close()
    return str(account)


async def taken_in(place: Stage, account: str, messages: int, clients: int) -> float:
    """Messages a second."""
    numbers = iter(range(1, messages + 1))

    async def one() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.port}") as client:
            for number in numbers:
                answer = await client.post(
                    f"/hooks/{account}",
                    content=update(number),
                    headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
                )
                [result] = answer.json()["results"]
                assert result["protocol"], answer.text

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    return messages / (time.perf_counter() - began)


async def sent(place: Stage, network: Double, replies: int) -> float:
    """Replies a second, from the first that the network had to the last."""
    client = place.client(place.attendants[0])
    tickets = (await client.ask(TICKETS))["tickets"]["nodes"]
    wanted = Counter[str]()
    for number in range(replies):
        ticket = tickets[number % len(tickets)]["id"]
        text = f"Resposta {number}"
        asked = {"ticketId": ticket, "text": text, "visibility": "PRIVATE"}
        await client.ask(REPLY, i=asked)
        wanted[text] += 1
    client.close()
    words = [sys.executable, "-c", "from server.cli import app; app()", "work"]
    worker = subprocess.Popen(words, env=place.environment, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        began = None
        while len(network.told) < replies:
            if network.told and began is None:
                began = time.perf_counter() - SLOW
            await asyncio.sleep(0.01)
        assert began is not None
        took = time.perf_counter() - began
        await asyncio.sleep(2)
    finally:
        worker.terminate()
        worker.wait()
    assert Counter(each.form()["text"] for each in network.told) == wanted
    return replies / took


async def measure(url: str, redis: str, asked: argparse.Namespace) -> None:
    opened = Slowly(answers)
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    opened.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with stage(url, redis, TELEGRAM_URL=opened.url) as place:
        account = await furnished(place)
        rate = await taken_in(place, account, asked.messages, asked.clients)
        print(f"| {asked.messages} messages by webhook, {asked.clients} at once | {rate:.0f} |")
        rate = await sent(place, opened, asked.replies)
        print(f"| {asked.replies} replies to a network that takes 100 ms | {rate:.0f} |")
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--replies", type=int, default=200)
    asked = parser.parse_args()
    with ExitStack() as started:
        url = os.environ.get("DATABASE_URL") or started.enter_context(services.postgres())
        redis = os.environ.get("REDIS_URL") or started.enter_context(services.redis())
        print("| what | a second |\n|---|---|")
        asyncio.run(measure(url, redis, asked))


if __name__ == "__main__":
    main()
