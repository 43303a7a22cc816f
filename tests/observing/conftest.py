"""A server as an operator starts it, its log and its metrics; a company on its database."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.processes import Process
from tests.faults.serving import alone
from tests.flows.served import House
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
    metrics = free_port()
    more = {"METRICS_PORT": str(metrics), "LOG_FORMAT": "json", "EMBEDDED_WORKER": "true"}
    async with alone(empty_url, redis_url, tmp_path, **more) as (house, server):
        yield Watched(house, server, f"http://127.0.0.1:{metrics}/metrics")
