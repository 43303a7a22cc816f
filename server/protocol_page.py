"""The page at /protocolo: where a consumer sees how far their case has come.

Whole without a script; with one it shows what changes meanwhile. The proof comes in the body of a
form, is looked at once, and is kept nowhere: from then on a pass stands for it, in a sealed cookie.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.errors import RateLimited, Refusal, Unavailable
from domain.operations.answering import TEXT_MOST
from domain.tracking import Visited
from domain.words import HistoryMeans, Locale
from resolvers import histories, tracking
from resolvers.context import Context
from server import press
from server import protocol_visit as visits
from server.history_words import WORDS as HISTORY_WORDS
from server.languages import preferred
from server.protocol_visit import Visit
from server.protocol_words import LANGUAGES, WORDS, moment, while_
from server.secrets import Keyring

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).parent
PARTS = {"protocol.css": "text/css", "protocol.js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": POLICY,
    # Not no-referrer, with which browsers would not say where a form comes from.
    "Referrer-Policy": "same-origin",
}
PRIVATE = {**SAFE, "Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
FORM = "application/x-www-form-urlencoded"
FOLLOW = """subscription FollowProtocol($protocol: String!, $proof: String) {
  protocolStatus(protocol: $protocol, proof: $proof) {
    updatedAt stage expectedBy successor removed messages { at text }
  }
}"""
"""What the page's script asks; where only trusted documents are run, it is one of them."""
BODY_MOST, FIELDS_MOST = 256 * 1024, 10
TYPED_MOST = 40
FORMS = ("ask", "answer", "history", "leave")
MEANS = {each.value: each for each in HistoryMeans}
MARK = re.compile(r"[0-9a-f]{32}")
PAGES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def routes(*, secure: bool) -> list[BaseRoute]:
    page = ProtocolPage(secure=secure)
    return [
        Route("/protocolo", page.show),
        Route("/protocolo", page.ask, methods=["POST"]),
        Route("/protocolo/resposta", page.answer, methods=["POST"]),
        Route("/protocolo/historico", page.history),
        Route("/protocolo/historico", page.send_history, methods=["POST"]),
        Route("/protocolo/sair", page.leave, methods=["POST"]),
        Route("/protocolo/{part:str}", part),
    ]


async def part(request: Request) -> Response:
    name = request.path_params["part"]
    if name not in PARTS:
        raise HTTPException(404)
    headers = {**SAFE, "Cache-Control": "public, max-age=300"}
    return Response((FOLDER / name).read_bytes(), media_type=PARTS[name], headers=headers)


class ProtocolPage:
    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._page = PAGES.get_template("protocol.html")
        self._history = PAGES.get_template("history.html")

    async def show(self, request: Request) -> Response:
        """What the visitor may look at; a form, as long as they showed no proof."""
        visit = visits.read(request, _keyring(request)) or Visit.begun()
        if (wished := request.query_params.get("lang")) is not None:
            visit = replace(visit, locale=preferred(wished))
        if visit.protocol is None or visit.kept is None:
            return self._form(request, visit)
        return await self._visited(request, visit)

    async def ask(self, request: Request) -> Response:
        """A proof, shown: on to what it is of, or told that it is of nothing."""
        keyring = _keyring(request)
        visit = visits.read(request, keyring) or Visit.begun()
        said = await _said(request)
        if said is None:
            return self._form(request, visit, "too_large", 413)
        protocol = said.get("protocol", "")
        if not visit.is_of(keyring, "ask", said.get("form", "")):
            return self._form(request, visit, "stale", 403, typed=protocol)
        try:
            kept = await tracking.admit(_context(request, visit), protocol, said.get("proof", ""))
        except RateLimited as refusal:
            seconds: int = refusal.values["seconds"]
            response = self._form(request, visit, "too_often", 429, typed=protocol, wait=seconds)
            response.headers["Retry-After"] = str(seconds)
            return response
        except Unavailable:
            return self._form(request, visit, "away", 503, typed=protocol)
        if kept is None:
            return self._form(request, visit, "nothing", 404, typed=protocol)
        return self._on(request, visit.shown(kept.protocol, kept.text))

    async def answer(self, request: Request) -> Response:
        """A message of theirs, taken in; on to where it stands."""
        keyring = _keyring(request)
        visit, said = visits.read(request, keyring), await _said(request)
        if visit is None or visit.protocol is None or visit.kept is None:
            return self._form(request, visit or Visit.begun(), "stale", 403)
        locale = _locale(request, visit)
        words = WORDS[locale]
        if said is None:
            return await self._visited(request, visit, words.too_large, 413)
        text, mark = said.get("text", ""), said.get("mark", "")
        ours = visit.is_of(keyring, "answer", said.get("form", ""))
        if not ours or not MARK.fullmatch(mark):
            return await self._visited(request, visit, words.stale, 403, typed=text)
        context = _context(request, visit)
        try:
            answered = await tracking.answer(context, visit.protocol, visit.kept, text, mark)
        except RateLimited as refusal:
            seconds: int = refusal.values["seconds"]
            problem = words.too_many.format(wait=while_(seconds, locale))
            response = await self._visited(request, visit, problem, 429, typed=text)
            response.headers["Retry-After"] = str(seconds)
            return response
        except Refusal as refusal:
            problem = words.not_sent.format(reason=refusal.message(locale))
            return await self._visited(request, visit, problem, 422, typed=text)
        except Unavailable:
            return await self._visited(request, visit, words.away, 503, typed=text)
        if answered is None:
            return self._form(request, Visit.begun(visit.locale))
        if answered.kept is not None:
            visit = visit.shown(answered.protocol, answered.kept.text)
            news = words.sent_anew.format(protocol=answered.protocol)
            return self._on(request, replace(visit, news=news))
        return self._on(request, replace(visit, news=words.sent))

    async def history(self, request: Request) -> Response:
        """The whole history, to be read or printed there."""
        visit = visits.read(request, _keyring(request))
        if visit is None or visit.protocol is None or visit.kept is None:
            return self._form(request, visit or Visit.begun())
        try:
            history = await histories.look(_context(request, visit), visit.protocol, visit.kept)
        except Unavailable:
            return self._form(request, visit, "away", 503)
        if history is None:
            return self._form(request, Visit.begun(visit.locale))
        locale = _locale(request, visit)
        html = self._history.render(
            history=history,
            locale=locale.value,
            words=WORDS[locale],
            told=HISTORY_WORDS[locale],
            left_out=press.left_out(HISTORY_WORDS[locale]),
            when=_when(history.time_zone, locale),
        )
        return Response(html, media_type="text/html", headers=dict(PRIVATE))

    async def send_history(self, request: Request) -> Response:
        """The history as a document, on its way by the means that they chose."""
        keyring = _keyring(request)
        visit, said = visits.read(request, keyring), await _said(request) or {}
        if visit is None or visit.protocol is None or visit.kept is None:
            return self._form(request, visit or Visit.begun(), "stale", 403)
        locale = _locale(request, visit)
        words, told = WORDS[locale], HISTORY_WORDS[locale]
        means = MEANS.get(said.get("means", ""))
        if not visit.is_of(keyring, "history", said.get("form", "")) or means is None:
            return await self._visited(request, visit, words.stale, 403)
        try:
            done = await histories.ask(_context(request, visit), visit.protocol, visit.kept, means)
        except RateLimited as refusal:
            seconds: int = refusal.values["seconds"]
            problem = words.too_many.format(wait=while_(seconds, locale))
            response = await self._visited(request, visit, problem, 429)
            response.headers["Retry-After"] = str(seconds)
            return response
        except Refusal as refusal:
            # How the house is set up is no matter of theirs.
            problem = told.not_this_way[means]
            log.info("history.refused", code=refusal.code.value, sentence=refusal.sentence)
            return await self._visited(request, visit, problem, 422)
        except Unavailable:
            return await self._visited(request, visit, words.away, 503)
        if done is None:
            return self._form(request, Visit.begun(visit.locale))
        return self._on(request, replace(visit, news=told.on_its_way))

    async def leave(self, request: Request) -> Response:
        keyring = _keyring(request)
        visit, said = visits.read(request, keyring), await _said(request)
        if visit is None or not visit.is_of(keyring, "leave", (said or {}).get("form", "")):
            return self._form(request, visit or Visit.begun(), "stale", 403)
        return self._on(request, Visit.begun(visit.locale))

    # ── what is shown ────────────────────────────────────────────────────────────────────────

    def _form(
        self,
        request: Request,
        visit: Visit,
        problem: str | None = None,
        code: int = 200,
        *,
        typed: str = "",
        wait: int = 0,
    ) -> Response:
        locale = _locale(request, visit)
        sentence = str(getattr(WORDS[locale], problem)) if problem else None
        return self._rendered(
            request,
            visit,
            code,
            status=None,
            company=None,
            problem=sentence and sentence.format(wait=while_(wait, locale)),
            typed=typed[:TYPED_MOST],
        )

    async def _visited(
        self,
        request: Request,
        visit: Visit,
        problem: str | None = None,
        code: int = 200,
        *,
        typed: str = "",
    ) -> Response:
        """The case, as far as the pass of the visit is good for it."""
        assert visit.protocol is not None
        assert visit.kept is not None
        context = _context(request, visit)
        try:
            visited = await tracking.visit(context, visit.protocol, visit.kept)
        except Unavailable:
            return self._form(request, visit, "away", 503)
        if visited is None:
            # The pass is over, or what it stood for is another by now.
            return self._form(request, Visit.begun(visit.locale))
        return self._told(request, visit, visited, problem, code, typed=typed)

    def _told(
        self,
        request: Request,
        visit: Visit,
        visited: Visited,
        problem: str | None,
        code: int,
        *,
        typed: str,
    ) -> Response:
        return self._rendered(
            request,
            replace(visit, news=None),
            code,
            problem=problem,
            typed=typed[:TEXT_MOST],
            mark=secrets.token_hex(16),
            most=TEXT_MOST,
            status=visited.status,
            company=visited.company,
            pass_=visit.kept,
            when=_when(visited.time_zone, _locale(request, visit)),
            news=visit.news,
        )

    def _rendered(self, request: Request, visit: Visit, code: int, **shown: Any) -> Response:
        keyring, locale = _keyring(request), _locale(request, visit)
        html = self._page.render(
            **{"problem": None, "news": None, "typed": "", **shown, "pass": shown.get("pass_")},
            document=FOLLOW,
            locale=locale.value,
            words=WORDS[locale],
            told=HISTORY_WORDS[locale],
            languages=[(each.value, name) for each, name in LANGUAGES],
            forms={each: visit.form(keyring, each) for each in FORMS},
        )
        response = Response(html, code, media_type="text/html", headers=dict(PRIVATE))
        visits.keep(response, visit, keyring, secure=self._secure)
        return response

    def _on(self, request: Request, visit: Visit) -> Response:
        """To the page itself, so that reading it again sends nothing again."""
        response = RedirectResponse("/protocolo", 303, headers=dict(PRIVATE))
        visits.keep(response, visit, _keyring(request), secure=self._secure)
        return response


def _when(time_zone: str, locale: Locale) -> Callable[[datetime], Markup]:
    """Moments, told on that clock."""
    zone = ZoneInfo(time_zone)

    def when(at: datetime) -> Markup:
        there = at.astimezone(zone)
        told = Markup('<time datetime="{}">{}</time>')
        return told.format(there.isoformat(timespec="seconds"), moment(there, locale))

    return when


async def _said(request: Request) -> dict[str, str] | None:
    """What a form brings; nothing, where it is more than one of ours can be."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return {}
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_MOST:
                return None
        told = parse_qs(
            body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST, errors="strict"
        )
    except (ValueError, ClientDisconnect):
        return {}
    return {name: values[-1] for name, values in told.items()}


def _context(request: Request, visit: Visit) -> Context:
    context: Context = request.app.state.door.stranger(request, _locale(request, visit))
    return context


def _locale(request: Request, visit: Visit) -> Locale:
    return visit.locale or preferred(request.headers.get("accept-language"))


def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.app.state.keyring
    return keyring
