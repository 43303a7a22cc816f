"""The API, asked without sockets: the real schema, store, door and way of telling errors."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.types.execution import ExecutionResult

from domain.addresses import Addresses
from domain.model.level import Level
from domain.model.user import SESSION_LENGTH, Session
from domain.operations import signing
from domain.rules.access import Actor
from domain.words import Locale
from feed.bell import Bell
from feed.boards import Boards
from feed.lookout import Lookout
from feed.tail import Tails
from graph.documents import Documents
from graph.errors import tell
from graph.kept import Kept
from graph.limits import Limits
from graph.plans import Plans
from graph.schema import build
from resolvers import ids
from resolvers.attachments import Upload
from resolvers.context import Context, Services
from server import protocol_page
from server.access_tokens import AccessTokens
from server.auth import Gatekeeper
from server.door import Door, may_upload
from server.files import FileLinks, download
from server.graphql import GraphQLApp
from server.lifespan import StoredFeed, StoredPresence
from server.links import follow
from server.opening import NOBODY, ringing, ringing_presence
from server.press import Press
from server.secrets import Keyring
from server.throttle import Throttle, Tries
from tests.api.bothways import BothWays
from tests.world import Person, World

PATIENCE = 60.0
TRIES = 20
PATIENT = Tries(
    sign_in=TRIES,
    of_address=1_000,
    protocol=1_000,
    protocol_from_everywhere=10_000,
    lookups_of_address=10_000,
)
QUARTER = timedelta(minutes=15)
HERE = "http://desk"
ROOM = 16 * 2**20
PREFLIGHT = {"graphql-require-preflight": "1"}
# A sweep asks for all that there is at once. Documents that pass the limits are tested elsewhere.
ROOMY = Limits(**dict.fromkeys([each.name for each in fields(Limits)], 10**12))
Json = dict[str, Any]


@dataclass
class Desk:
    """Where everybody of a world can ask. People are signed in when they first ask."""

    world: World
    services: Services
    door: Door
    tokens: AccessTokens
    schema: strawberry.Schema
    client: httpx.AsyncClient
    graphql: GraphQLApp
    kept: Kept
    _issued: dict[UUID, str] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        world: World,
        keyring: Keyring,
        addresses: Addresses = Addresses(HERE, HERE),
        tries: Tries = PATIENT,
    ) -> AsyncIterator["Desk"]:
        async with Bell.open("memory://") as bell:
            world.storage = storage = replace(
                world.storage,
                ring=ringing(bell),
                ring_presence=ringing_presence(bell),
                addresses=addresses,
            )
            tokens = AccessTokens(keyring, QUARTER, secure=False)
            gate = Gatekeeper(storage, keyring, tokens)
            tails = Tails(StoredFeed(storage), bell)
            boards = Boards(tails)
            lookout = Lookout(StoredPresence(storage), bell, storage.clock)
            services = Services(
                store=storage,
                gate=gate,
                tokens=tokens,
                throttle=Throttle(keyring.hash, tries),
                tails=tails,
                boards=boards,
                lookout=lookout,
                cursors=storage.cursors,
                printer=Press(),
                file_links=FileLinks(keyring.linking, storage.addresses),
                clock=storage.clock,
                nobody=NOBODY,
            )
            schema, door = build(), Door(services, gate)
            graphql = GraphQLApp(
                schema,
                door,
                allowed_origins=(),
                graphiql=False,
                documents=known(),
                tell=tell,
                may_upload=may_upload,
                planned=Plans(schema, kept := Kept(ROOM)).answer,
            )
            graphql.desk = both = BothWays.of(graphql.desk)
            app = Starlette(
                routes=[
                    Route("/graphql", graphql),
                    Route("/files/{attachment}", download),
                    Route("/s/{slug}", follow),
                    *protocol_page.routes(secure=False),
                ]
            )
            app.state.storage, app.state.gate = storage, gate
            app.state.door, app.state.keyring = door, keyring
            app.state.file_links = services.file_links
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                try:
                    yield cls(world, services, door, tokens, schema, client, graphql, kept)
                    assert both.differences == []
                finally:
                    await lookout.close()
                    await boards.close()
                    await tails.close()

    @property
    def both(self) -> BothWays:
        assert isinstance(self.graphql.desk, BothWays)
        return self.graphql.desk

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    async def send(
        self,
        document: str,
        by: Person | str | None = None,
        *,
        language: str = "en",
        cookie: str | None = None,
        **variables: Any,
    ) -> httpx.Response:
        headers = {"accept-language": language}
        if by is not None:
            token = by if isinstance(by, str) else await self.token(by)
            headers["authorization"] = f"Bearer {token}"
        if cookie is not None:
            headers["cookie"] = f"guiche_session={cookie}"
        # What one answer set is not silently sent along with the next question.
        self.client.cookies.clear()
        files = uploads(variables)
        if files:
            return await self.client.post(
                "/graphql", files=parts(document, variables, files), headers=headers | PREFLIGHT
            )
        return await self.client.post(
            "/graphql", json={"query": document, "variables": variables}, headers=headers
        )

    async def answer(self, document: str, by: Person | str | None = None, **asked: Any) -> Json:
        """The whole answer, errors and all."""
        told: Json = (await self.send(document, by, **asked)).json()
        return told

    async def ask(self, document: str, by: Person | str | None = None, **asked: Any) -> Any:
        """The data of an answer without errors; the field itself, where there is only one."""
        told = await self.answer(document, by, **asked)
        assert "errors" not in told, told["errors"]
        data: Json = told["data"]
        return next(iter(data.values())) if len(data) == 1 else data

    async def error(self, document: str, by: Person | str | None = None, **asked: Any) -> Json:
        """The one error of an answer that has one."""
        [error] = (await self.answer(document, by, **asked))["errors"]
        told: Json = error
        return told

    async def follow(
        self, document: str, by: Person | str, **variables: Any
    ) -> AsyncGenerator[Json, None]:
        """What a subscription tells, message by message."""
        context = await self.context(by)
        async with aclosing(self.messages(document, context, variables)) as messages:
            async for message in messages:
                yield message

    async def messages(
        self, document: str, context: Context, variables: Json | None = None
    ) -> AsyncGenerator[Json, None]:
        results = await self.schema.subscribe(
            document, variable_values=variables, context_value=context
        )
        assert not isinstance(results, ExecutionResult), results.errors
        try:
            async for result in results:
                assert not result.errors, (result.errors, result.errors[0].original_error)
                assert result.data is not None
                [message] = result.data.values()
                await context.rest()
                yield message
        finally:
            await results.aclose()
            await context.aclose()

    async def context(self, by: Person | str) -> Context:
        token = by if isinstance(by, str) else await self.token(by)
        visitor = await Gatekeeper(self.world.storage, self.keyring, self.tokens).visitor(
            f"Bearer {token}"
        )
        assert visitor is not None
        return Context(self.services, visitor.actor, Locale.EN)

    @property
    def keyring(self) -> Keyring:
        keyring = self.world.storage.secrets
        assert isinstance(keyring, Keyring)
        return keyring

    # ── who asks ─────────────────────────────────────────────────────────────────────────────

    async def token(self, who: Person) -> str:
        if who.id not in self._issued:
            self._issued[who.id], _ = await self.session(who)
        return self._issued[who.id]

    async def session(self, who: Person) -> tuple[str, str]:
        return await signed_in(self.world, self.tokens, who)

    async def session_of(self, who: Person) -> str:
        """The token of a session of its own, good from now on."""
        return (await self.session(who))[0]

    async def met(self, who: Person) -> None:
        """They have asked before: from now on it is looked whether they are still who they were."""
        await self.ask("{ me { user { id } } }", who)

    async def key(self, *scopes: str, levels: Sequence[Level] | None = None) -> str:
        level_ids = None if levels is None else [each.id for each in levels]
        made = await self.world.do(
            signing.make_key, f"chave {uuid4().hex}", list(scopes), level_ids
        )
        assert made.secret is not None
        return made.secret


@cache
def known() -> Documents:
    """What has been asked at one desk need not be read anew at the next."""
    return Documents(build()._schema, ROOMY)


async def signed_in(world: World, tokens: AccessTokens, who: Person) -> tuple[str, str]:
    """A new session: its access token, and what its cookie carries. Skips the password."""
    async with world.storage.work(world.system) as work:
        secret = work.secrets.make("session")
        session = Session(
            workspace_id=world.workspace.id,
            user_id=who.id,
            secret_hash=secret.hash,
            created_at=work.now,
            rotated_at=work.now,
            expires_at=work.now + SESSION_LENGTH,
        )
        work.identities.add_session(session)
        user = await work.identities.user(who.id)
        assert user is not None
        actor: Actor = await work.identities.actor(user, session.id)
    return tokens.issue(actor)[0], secret.text


def uploads(value: Any, path: str = "variables") -> dict[str, Upload]:
    """The files among variables, by where they stand."""
    if isinstance(value, Upload):
        return {path: value}
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return {}
    return {
        where: file
        for name, part in value.items()
        for where, file in uploads(part, f"{path}.{name}").items()
    }


def parts(document: str, variables: Json, files: Mapping[str, Upload]) -> list[Any]:
    """The body of a multipart request, in its order."""
    operations = json.dumps({"query": document, "variables": variables}, default=lambda _file: None)
    told = {str(number): [path] for number, path in enumerate(files)}
    return [
        ("operations", (None, operations)),
        ("map", (None, json.dumps(told))),
        *((str(n), (file.name, file.data)) for n, file in enumerate(files.values())),
    ]


def gid(row: Any, kind: str | None = None) -> str:
    """The id that callers know a row by."""
    return ids.write(kind or type(row).__name__, row if isinstance(row, UUID) else row.id)


def unknown(kind: str) -> str:
    """An id that could be, and is nobody's."""
    return ids.write(kind, uuid4())


async def heard(stream: AsyncGenerator[Json, None]) -> Json:
    """The next message, which has to come."""
    async with asyncio.timeout(PATIENCE):
        return await anext(stream)


def plain(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False)
