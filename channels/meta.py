"""What the networks of Meta have in common: who signs, who asks, how they are called, how they err.

Graph API, as documented at developers.facebook.com/docs/graph-api. An account's secret is the app
secret, with which all that comes in is signed; its connection names the account on the network, the
token that speaks for it, and the token that Meta shows before it sends anything.
"""

import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

import orjson

from channels import calls, shapes
from channels.base import Challenge, Own, Standing
from channels.calls import Answer
from domain.errors import Invalid
from domain.post import Ignored, News
from domain.sending import Declined, Doubtful, NotSent, Outcome, Sent

SIGNATURE = "x-hub-signature-256"
ID = re.compile(r"[0-9]{3,30}", re.ASCII)
TOKEN = re.compile(r"[A-Za-z0-9_.|-]{20,1000}", re.ASCII)
VERIFIES = re.compile(r"[!-~]{8,200}", re.ASCII)
TOLD_MOST = 60
BUSY = frozenset({4, 17, 32, 613, 130429, 131048, *range(80000, 80015)})
"""Of the whole app, page or number."""
BUSY_HERE = frozenset({131056})
"""Too much to one and the same person."""
TOKEN_REFUSED = frozenset({0, 102, 190})
IN_DOUBT = frozenset({1, 2, 131000, 131016})
"""Unknown errors: of some it is documented that everything was sent all the same."""
REFUSED: Mapping[tuple[int, int | None], str] = {
    (10, 2018065): "window_closed",
    (10, 2018278): "window_closed",
    (10, 2534022): "window_closed",
    (131047, None): "window_closed",
    (10, None): "permission_missing",
    (3, None): "permission_missing",
    (131005, None): "permission_missing",
    (551, None): "customer_unreachable",
    (200, 1545041): "customer_unreachable",
    (100, 2018001): "customer_unreachable",
    (131026, None): "customer_unreachable",
    (131050, None): "blocked_by_customer",
    (100, 33): "answered_gone",
    (10900, None): "answered_once",
    (10901, None): "window_closed",
    (10903, None): "customer_unreachable",
    (368, None): "network_restricted",
    (130497, None): "network_restricted",
    (131031, None): "network_restricted",
    (131052, None): "file_refused",
    (131053, None): "file_refused",
    (100, 2018047): "file_refused",
    (100, 2018074): "file_refused",
}
"""By code and subcode; the code alone where the subcode tells nothing more."""


class Graph:
    """What every channel of Meta does alike."""

    named: ClassVar[str]
    """What a connection calls the account's id on the network."""
    shown: ClassVar[Sequence[str]]
    """The fields of that account that say who it is, the best first."""
    switches: ClassVar[frozenset[str]] = frozenset()
    """What a connection may say with `true`."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        expected = "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode())

    def challenge(
        self, secret: str, asked: Mapping[str, str], connection: Mapping[str, Any]
    ) -> Challenge | None:
        expected = connection.get("verifyToken") or ""
        known = hmac.compare_digest(expected.encode(), asked.get("hub.verify_token", "").encode())
        text = asked.get("hub.challenge", "")
        if not expected or not known or asked.get("hub.mode") != "subscribe" or not text:
            return None
        return Challenge(text[: shapes.LONGEST_ID])

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        address = _said(told, self.named, ID, "id_shape", "106540352242922")
        made: dict[str, Any] = {
            self.named: address,
            "accessToken": _said(told, "accessToken", TOKEN, "token_shape", "EAAG…"),
            "verifyToken": _said(told, "verifyToken", VERIFIES, "verify_token_shape"),
            "address": address,
        }
        for name in sorted(told.keys() - made.keys() | told.keys() & {"address"}):
            value = told[name]
            if name not in self.switches:
                raise Invalid("unknown_field", field=["connection", name[:60]], name=name[:60])
            if not isinstance(value, bool):
                raise Invalid("must_be_boolean", field=["connection", name], name=name)
            made[name] = value
        return made

    def known_as(self, reply_id: UUID, connection: Mapping[str, Any]) -> str | None:
        return None

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        if not connection.get("accessToken"):
            return Standing("token_missing")
        path, fields = connection[self.named], ",".join(self.shown)
        answer = await self.call("GET", connection, path, params={"fields": fields})
        if not isinstance(answer, Answer):
            return Standing("network_unreachable", answer.detail)
        said = answer.json()
        wrong = refused(answer)
        if isinstance(wrong, Declined) and wrong.sentence == "answered_gone":
            return Standing("id_unknown", wrong.detail)
        if wrong is not None or answer.status != 200:
            return Standing(wrong.sentence if wrong else "network_unreachable", str(answer.status))
        names = (shapes.text(said, each) for each in self.shown)
        return Standing(known_as=next((each[:200] for each in names if each), None))

    async def call(
        self, method: str, connection: Mapping[str, Any], *path: str, **said: Any
    ) -> Answer | NotSent | Doubtful:
        """One call in the account's name. The token goes in a header, where no log looks."""
        place = "/".join([self.url or "", *(quote(each, safe="") for each in path)])
        return await calls.call(method, place, headers=bearer(connection), **said)


def bearer(connection: Mapping[str, Any]) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {connection.get('accessToken')}"}


def _said(told: Mapping[str, Any], name: str, shape: re.Pattern[str], *wrong: str) -> str:
    value = told.get(name)
    sentence, *example = wrong
    if not isinstance(value, str) or not (found := shape.fullmatch(value.strip())):
        said = {"example": example[0]} if example else {}
        raise Invalid(sentence, field=["connection", name], **said)
    return found[0]


Reads = Callable[[Mapping[str, Any]], Iterator[News]]


def entries(body: bytes, kind: str, read: Reads) -> Sequence[News]:
    """What every entry of a webhook tells, in order; of a body that tells nothing, just that."""
    told = shapes.body(body)
    about = shapes.text(told, "object") or "nothing"
    found = shapes.parts(told, "entry")
    if not found:
        return [Ignored(about[:TOLD_MOST], "ignored_no_webhook")]
    if about != kind:
        # A person who signed in to the app, or another product of it.
        fields = (_fields(each) for each in found)
        return [Ignored(f"{about}.{each}"[:TOLD_MOST], "ignored_no_message") for each in fields]
    news = [each for entry in found for each in read(entry)]
    return news or [Ignored(about[:TOLD_MOST], "ignored_unknown")]


def _fields(entry: Mapping[str, Any]) -> str:
    found = (shapes.text(each, "field") for each in shapes.parts(entry, "changes"))
    return ",".join(each for each in found if each)


def ours(own: Own, external_id: str | None) -> bool:
    """Whether it is of the account that it was sent to."""
    return own.external_id is None or external_id == own.external_id


def outcome(answer: Answer | NotSent | Doubtful, *names: str) -> Outcome:
    """How a sending ended; `names` is where, in a good answer, the new message is called."""
    if not isinstance(answer, Answer):
        return answer
    wrong = refused(answer)
    if wrong is not None:
        return wrong
    if answer.status != 200:
        return Doubtful("network_no_answer", str(answer.status))
    said = answer.json()
    found = (shapes.identifier(said, each) for each in names)
    external_id = next((each for each in found if each), None)
    if external_id is None and not any(shapes.text(said, each) for each in names):
        return Doubtful("network_no_answer", "unreadable answer")
    return Sent(external_id)


def uploaded(ended: Outcome) -> str | Declined | NotSent:
    """What the network calls a file that it was handed; why it is called nothing. Nothing of it was
    shown to anybody yet, so that an end in doubt is none of the reply's."""
    if isinstance(ended, Doubtful):
        return NotSent("network_unreachable", ended.detail)
    if isinstance(ended, Sent):
        return ended.external_id or NotSent("network_unreachable", "unreadable answer")
    return ended


def refused(answer: Answer) -> Declined | NotSent | Doubtful | None:
    """What an error says; None where there is none."""
    error = shapes.part(answer.json(), "error")
    code, subcode = shapes.number(error, "code"), shapes.number(error, "error_subcode")
    if answer.status < 400 and not error:
        return None
    words = shapes.text(shapes.part(error, "error_data"), "details")
    words = words or shapes.text(error, "message") or ""
    number = "/".join(str(each) for each in (code, subcode) if each is not None)
    detail = " ".join(each for each in (str(answer.status), number, words[:200].strip()) if each)
    if code in BUSY or answer.status == 429:
        return NotSent("network_busy", detail, _wait(answer), whole_account=True)
    if code in BUSY_HERE:
        return NotSent("network_busy", detail, _wait(answer))
    if code in TOKEN_REFUSED or answer.status == 401:
        return NotSent("token_refused", detail, whole_account=True)
    sentence = REFUSED.get((code or 0, subcode), REFUSED.get((code or 0, None)))
    if sentence is not None:
        return Declined(sentence, detail)
    if code is not None and 200 <= code <= 299:
        return Declined("permission_missing", detail)
    if answer.status >= 500 or code in IN_DOUBT or error.get("is_transient") is True:
        return Doubtful("network_no_answer", detail)
    return Declined("network_declined", detail)


def _wait(answer: Answer) -> timedelta | None:
    """How long it asks us to wait: in seconds, or in minutes, by what the account is used for."""
    if answer.wait is not None:
        return answer.wait
    try:
        used = orjson.loads(answer.headers.get("x-business-use-case-usage", "{}"))
    except orjson.JSONDecodeError:
        return None
    named = used if isinstance(used, dict) else {}
    told = (
        shapes.number(e, "estimated_time_to_regain_access")
        for n in named
        for e in shapes.parts(named, n)
    )
    minutes = max((each for each in told if each), default=0)
    return min(timedelta(minutes=min(minutes, 10_000)), calls.LONGEST_WAIT) if minutes else None
