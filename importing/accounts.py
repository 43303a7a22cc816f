"""Which of our accounts a file means, by its handle or its name."""

from uuid import UUID

from domain.errors import Refusal
from domain.model.account import Account
from domain.operations import organizing
from domain.operations.organizing import AccountForm
from domain.rules.access import Actor
from domain.rules.wording import folded
from domain.words import Network
from importing.conversation import Refused
from storage.work import Storage


class UnknownAccount(Exception):
    """The account that the command names does not exist, or several are called so."""


class Accounts:
    """The workspace's accounts as an import finds them, and those it makes."""

    def __init__(
        self, storage: Storage, actor: Actor, *, network: Network | None, create: bool
    ) -> None:
        self.made: list[str] = []
        self._storage = storage
        self._actor = actor
        self._network = network
        self._create = create
        self._named: dict[str, list[Account]] = {}
        self._default: Account | None = None

    async def load(self, default: str | None) -> None:
        """Look them up once; UnknownAccount when the one named on the command line is none."""
        async with self._storage.reading(self._actor) as work:
            every = await work.accounts.all()
        for account in every:
            if self._network in (None, account.network):
                self._learn(account)
        if default is None:
            return
        by_id = {str(account.id): account for account in every}
        found = [by_id[default]] if default in by_id else self._named.get(_plain(default), [])
        if len(found) > 1:
            raise UnknownAccount(_several(default, found))
        if not found and not self._create:
            raise UnknownAccount(f'there is no account called "{default}" in this workspace')
        self._default = found[0] if found else await self._make(default)

    async def meant(self, name: str | None) -> UUID:
        """The account of a conversation; Refused, in words, when there is none."""
        if name is None:
            if self._default is None:
                raise Refused("no account is named; name one in the map or with --account")
            return self._default.id
        found = self._named.get(_plain(name), [])
        if len(found) > 1:
            raise Refused(_several(name, found), column="account", value=name)
        if found:
            return found[0].id
        if self._create:
            return (await self._make(name)).id
        if self._default is None:
            raise Refused(
                f'there is no account called "{name}"; make it, let --create-accounts make it, '
                "or name another with --account",
                column="account",
                value=name,
            )
        return self._default.id

    async def _make(self, name: str) -> Account:
        handle = name.removeprefix("@")
        form = AccountForm(network=self._network or Network.WEB, name=handle, handle=handle)
        try:
            async with self._storage.work(self._actor) as work:
                # Its signing secret is not kept: nothing arrives there until somebody sets one.
                account = (await organizing.save_account(work, form)).account
        except Refusal as refusal:
            raise Refused(str(refusal), column="account", value=name) from None
        self._learn(account)
        self.made.append(account.name)
        return account

    def _learn(self, account: Account) -> None:
        for name in {_plain(account.name), _plain(account.handle or "")} - {""}:
            self._named.setdefault(name, []).append(account)


def _plain(name: str) -> str:
    return folded(name.strip().removeprefix("@"))


def _several(name: str, found: list[Account]) -> str:
    networks = ", ".join(sorted(account.network.value for account in found))
    return f'several accounts are called "{name}" ({networks}); say which network is meant'
