"""A server as an operator starts it, its log and its metrics; a company on its database."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from feed.bell import Bell
from server.opening import open_store, ringing
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from tests.faults.processes import Process, processes
from tests.flows.served import SECRET, House, company, settings
from tests.flows.test_two_processes import free_port


@dataclass
class Watched:
    house: House
    process: Process
    metrics_url: str

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged so far."""
        return [json.loads(line) for line in self.process.log.read_text().splitlines()]

    def says(self, event: str) -> bool:
        return any(each["event"] == event for each in self.lines())

    async def figures(self) -> dict[str, float]:
        """Every sample, by its name and labels as Prometheus writes them."""
        async with httpx.AsyncClient() as client:
            text = (await client.get(self.metrics_url)).text
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f'{key}="{each}"' for key, each in sorted(sample.labels.items()))
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found


@pytest.fixture
async def watched(empty_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Watched]:
    """On PostgreSQL, where this process may write beside it."""
    async with open_database(empty_url) as database:
        await migrating.migrate(database)
    port, metrics = free_port(), free_port()
    chosen = settings(empty_url, redis_url)
    more = {"METRICS_PORT": str(metrics), "LOG_FORMAT": "json", "EMBEDDED_WORKER": "true"}
    with processes(empty_url, redis_url, tmp_path, **more) as started:
        server = started.start("serve", "--port", str(port))
        await server.says('"serving"')
        async with (
            Bell.open(chosen.redis_url) as bell,
            open_store(chosen, Keyring(SECRET), ringing(bell)) as storage,
        ):
            house = House(f"http://127.0.0.1:{port}", await company(storage))
            try:
                yield Watched(house, server, f"http://127.0.0.1:{metrics}/metrics")
            finally:
                await house.close()
