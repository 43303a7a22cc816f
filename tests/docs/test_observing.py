"""The page on what is observed names every figure that there is, with its labels, and no other."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from server.metrics import Metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "observing.md").read_text()


def figures() -> dict[str, set[str]]:
    """What is registered, by the names that a query uses, and the labels of each."""
    registry: CollectorRegistry = Metrics().registry
    found = {}
    for collector in list(registry._collector_to_names):
        if isinstance(collector, MetricWrapperBase):
            name = collector._name + ("_total" if collector._type == "counter" else "")
            found[name] = set(collector._labelnames)
    return found


def test_the_table_of_figures_is_the_figures_that_there_are() -> None:
    rows = re.findall(r"^\| `(guiche_\w+)` \| ([^|]*)\|", PAGE, re.M)
    told = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}

    assert told == figures()


def test_whatever_is_asked_of_prometheus_exists() -> None:
    known = figures()
    endings = ("_bucket", "_sum", "_count")
    texts = [PAGE, *(file.read_text() for file in (ROOT / "deploy").glob("*.json"))]
    for name in {each for text in texts for each in re.findall(r"\bguiche_[a-z_]+", text)}:
        bare = next((name.removesuffix(each) for each in endings if name.endswith(each)), name)
        assert name in known or bare in known, name
