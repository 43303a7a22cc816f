"""Whatever changes somebody's rights is known before they ask again, and on their sockets."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from domain.model.level import Level
from domain.rules.access import Actor
from domain.words import OutsideView, Role
from server.auth import Gatekeeper
from server.roll import Present, Roll
from tests.api.desk import Desk, Json, gid
from tests.transport.house import until
from tests.world import Person

A_WHILE = timedelta(minutes=5)
REFRESH = "mutation { refreshSession { accessToken } }"
SIGN_OUT = "mutation { signOut { userErrors { code } } }"
KEY = 'mutation { createApiKey(input: { name: "k", scopes: ["read"] }) { secret apiKey { id } } }'


@dataclass
class Scene:
    """Eve, who has a level and sees an open one; a program; and the boss, who changes things."""

    desk: Desk
    boss: Person
    eve: Person
    hers: Level
    other: Level
    shown: Level
    token: str
    cookie: str
    key: Json

    @classmethod
    async def set_up(cls, desk: Desk) -> "Scene":
        world = desk.world
        boss = await world.person("Chefe", role=Role.ADMIN)
        hers, other = await world.level("Dela"), await world.level("Outro")
        shown = await world.level("Aberto", outside_view=OutsideView.FULL)
        eve = await world.person("Eva", level=hers)
        token, cookie = await desk.session(eve)
        key = await desk.ask(KEY, boss)
        return cls(desk, boss, eve, hers, other, shown, token, cookie, key)

    async def do(self, mutation: str, taking: str, **given: object) -> None:
        document = (
            f"mutation($i: {taking}!) {{ {mutation}(input: $i) {{ userErrors {{ code }} }} }}"
        )
        assert await self.desk.ask(document, self.boss, i=given) == {"userErrors": []}

    async def user(self, **more: object) -> None:
        form: Json = {"id": gid(self.eve.user), "name": "Eva", "email": self.eve.user.email}
        await self.do("saveUser", "SaveUserInput", **{**form, "role": "ATTENDANT", **more})

    async def members(self, level: Level, *roles: str) -> None:
        members = [{"userId": gid(self.eve.user), "role": role} for role in roles]
        await self.do(
            "saveLevel", "SaveLevelInput", id=gid(level), name=level.name, members=members
        )

    async def view(self, level: Level, view: str) -> None:
        await self.do(
            "saveLevel", "SaveLevelInput", id=gid(level), name=level.name, outsideView=view
        )

    async def sign_out(self) -> None:
        await self.desk.ask(SIGN_OUT, self.token)

    async def replay(self) -> None:
        """Her cookie is used, and much later comes again from somebody who had a copy."""
        await self.desk.send(REFRESH, cookie=self.cookie)
        self.desk.world.later(A_WHILE)
        await self.desk.send(REFRESH, cookie=self.cookie)

    async def revoke(self) -> None:
        await self.do("revokeApiKey", "DeleteInput", id=self.key["apiKey"]["id"])


Change = Callable[[Scene], Awaitable[None]]
OF_EVE: dict[str, Change] = {
    "another role": lambda scene: scene.user(role="VIEWER"),
    "the highest role": lambda scene: scene.user(role="ADMIN"),
    "a role from outside": lambda scene: scene.user(role="APPROVER"),
    "a permission of her own": lambda scene: scene.user(grants=["publishers.reveal"]),
    "another name": lambda scene: scene.user(name="Evinha"),
    "another password": lambda scene: scene.user(password="uma senha bem longa"),
    "no account any more": lambda scene: scene.user(active=False),
    "one more level": lambda scene: scene.members(scene.other, "ATTENDANT"),
    "one level less": lambda scene: scene.members(scene.hers),
    "another role in a level": lambda scene: scene.members(scene.hers, "MANAGER"),
    "a level that is opened": lambda scene: scene.view(scene.other, "FULL"),
    "a level that is shut": lambda scene: scene.view(scene.shown, "NONE"),
    "a level that is new and open": lambda scene: scene.do(
        "saveLevel", "SaveLevelInput", name="Novo", outsideView="FULL"
    ),
    "leaving": Scene.sign_out,
    "a cookie that was copied": Scene.replay,
}
OF_A_PROGRAM: dict[str, Change] = {"an end": Scene.revoke}
CHANGES = [(name, change, False) for name, change in OF_EVE.items()]
CHANGES += [(name, change, True) for name, change in OF_A_PROGRAM.items()]


class Socket:
    """Somebody on a socket, as far as it hears of rights."""

    def __init__(self, present: Present) -> None:
        self.present = present
        self.over = False

    def rights_changed(self) -> None:
        pass

    def session_over(self) -> None:
        self.over = True

    @property
    def actor(self) -> Actor | None:
        return None if self.over else self.present.actor


@pytest.mark.parametrize(
    ("change", "program"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES]
)
async def test_nobody_goes_on_by_rights_that_were_others(
    desk: Desk, change: Change, program: bool
) -> None:
    scene = await Scene.set_up(desk)
    authorization = f"Bearer {scene.key['secret'] if program else scene.token}"
    keyring, storage = desk.keyring, desk.world.storage
    gate, roll = (
        Gatekeeper(storage, keyring, desk.tokens),
        Roll(Gatekeeper(storage, keyring, desk.tokens), desk.services.tails),
    )
    sockets: list[Socket] = []

    async def read() -> Actor | None:
        visitor = await gate.visitor(authorization)
        return visitor.actor if visitor else None

    def enter(present: Present) -> Socket:
        sockets.append(Socket(present))
        return sockets[-1]

    try:
        assert await roll.enter(read, enter)
        before = await read()
        assert before is not None
        assert gate.recalled(authorization) is not None

        await change(scene)

        anew = await Gatekeeper(storage, keyring, desk.tokens).visitor(authorization)
        now = anew.actor if anew else None
        assert now != before
        recalled = gate.recalled(authorization)
        assert recalled is None or not await storage.views.stands(recalled.actor, recalled.rights)
        assert await read() == now
        await until(lambda: sockets[0].actor == now)
    finally:
        await roll.close()
