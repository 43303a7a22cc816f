"""Webhooks gone wrong: as documented at first, then with parts swapped, dropped, and grown."""

import copy
from typing import Any

from hypothesis import strategies as st


def deep(levels: int) -> Any:
    nested: Any = "x"
    for _ in range(levels):
        nested = {"message": [nested]}
    return nested


STRANGE = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        10**30,
        2**63,
        1e308,
        "",
        "   ",
        "9" * 10_000,
        "\x00",
        "ﷺ" * 50,
        [],
        {},
        [[]],
        [None, 7, "x"],
        {"id": {"id": "1"}},
        deep(200),
    ]
)


@st.composite
def mutated(draw: st.DrawFn, body: Any) -> Any:
    """The body, changed in one to four places."""
    changed = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(changed))
        if not places:
            break
        holder, name = draw(st.sampled_from(places))
        what = draw(st.sampled_from(["drop", "swap", "twice"]))
        if what == "drop":
            del holder[name]
        elif what == "twice" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[name]))
        else:
            holder[name] = copy.deepcopy(draw(STRANGE))
    return changed


def _places(told: Any) -> Any:
    if isinstance(told, dict | list):
        names = list(told) if isinstance(told, dict) else range(len(told))
        for name in names:
            yield told, name
            yield from _places(told[name])
