"""What docker-compose.yml describes, running: several processes on one database."""

import signal
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from scripts.twin import Twin

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin() as running:
        yield running


def test_every_process_that_answers_is_ready(twin: Twin) -> None:
    told = [urlopen(f"{process.url}/readyz", timeout=5).read() for process in twin.apis]

    assert len(told) == 2
    assert all(b'"redis":"ok"' in each for each in told)


def test_a_process_that_was_killed_comes_back(twin: Twin) -> None:
    [first, _] = twin.apis

    first.send(signal.SIGKILL)
    first.wait()
    first.start()

    first.until_ready()


def test_the_worker_leaves_well_when_asked(twin: Twin) -> None:
    twin.worker.send(signal.SIGTERM)

    assert twin.worker.wait(10) == 0
    assert "stopped" in twin.worker.log.read_text()
