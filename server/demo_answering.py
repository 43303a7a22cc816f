"""The last hour of the demo on its sandbox: people who wrote there, and how each was answered.

Some replies wait for a moderator, some arrived, one was refused and of one nobody knows. All of it
goes through the operations that people and workers use; only the network is not asked.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.answers import Replied
from domain.model.sandbox import SandboxPost
from domain.model.ticket import Ticket
from domain.operations import (
    canning,
    correcting,
    defining,
    delivering,
    intake,
    levelling,
    replying,
)
from domain.operations.canning import CannedForm
from domain.operations.correcting import FieldForm, PublisherForm
from domain.operations.defining import DefinitionForm
from domain.operations.delivering import Attempt, Claimed
from domain.operations.levelling import LevelForm
from domain.operations.replying import ReplyForm
from domain.post import Author, Post
from domain.sending import Declined, Doubtful, Outcome, Sent
from domain.words import FieldKind, OccurrenceKind, TicketStatus, Visibility
from domain.work import Work
from server.demo_clock import Clock
from server.demo_people import ADMINISTRATIVE, FINANCE
from server.demo_team import Team
from storage.work import Storage

BEGUN: Final = timedelta(minutes=44)
ANSWERED: Final = timedelta(minutes=7)
LEASE: Final = timedelta(minutes=1)
CARD, ORDER = "clube_aurora", "pedido"
ARRIVES, REFUSED, IN_DOUBT = Sent(""), Declined("network_declined"), Doubtful("network_no_answer")
Act = Callable[[datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody, what is known of them, what they write, and what becomes of the answer."""

    name: str
    cpf: str
    phone: str
    order: str
    said: str
    answer: str
    send_as: TicketStatus | None = None
    ends: Outcome | None = None
    """None where it waits for a moderator."""

    @property
    def handle(self) -> str:
        return self.name.split()[0].lower() + "_" + self.order


# Numbers of documents that check and of telephones that can exist; they are nobody's here.
SCENES: Final = (
    Scene(
        "Teresa Pontes",
        "529.982.247-25",
        "(11) 90000-0101",
        "60417",
        "Troquei a cafeteira e o estorno da diferença não veio. Quando cai?",
        "Oi, Teresa! O estorno foi pedido hoje e cai em até 5 dias úteis.",
        TicketStatus.RESOLVED,
    ),
    Scene(
        "Murilo Sarmento",
        "111.444.777-35",
        "(21) 90000-0102",
        "60522",
        "O boleto veio com o valor de dois pedidos, como faço?",
        "Olá, Murilo. Pode desconsiderar esse boleto: um novo vai para o seu e-mail.",
    ),
    Scene(
        "Quitéria Lobo",
        "123.456.789-09",
        "(31) 90000-0103",
        "60608",
        "Minha nota fiscal saiu com o CPF do meu marido, dá pra corrigir?",
        "Oi, Quitéria. Corrigimos o cadastro; a nota nova sai amanhã.",
        TicketStatus.PENDING,
    ),
    Scene(
        "Anselmo Prates",
        "390.533.447-05",
        "(41) 90000-0104",
        "60633",
        "Comprei a luminária azul e a caixa diz verde. Abro ou devolvo?",
        "Oi, Anselmo! Pode abrir: a cor certa é a da etiqueta de baixo, azul.",
        TicketStatus.RESOLVED,
        ARRIVES,
    ),
    Scene(
        "Dalva Meireles",
        "935.411.347-80",
        "(51) 90000-0105",
        "60701",
        "O montador pode vir no sábado?",
        "Pode sim, Dalva. Sábado entre 9h e 12h, está marcado.",
        None,
        ARRIVES,
    ),
    Scene(
        "Fausto Coimbra",
        "153.509.460-56",
        "(71) 90000-0106",
        "60718",
        "Já é a terceira vez que pergunto do meu tapete",
        "Fausto, o tapete saiu hoje da loja de Salvador e chega na quinta.",
        TicketStatus.CLOSED,
        REFUSED,
    ),
    Scene(
        "Ondina Freire",
        "987.654.321-00",
        "(81) 90000-0107",
        "60744",
        "Vocês conseguem entregar depois das 18h?",
        "Conseguimos, Ondina! Já deixamos a observação no pedido.",
        None,
        IN_DOUBT,
    ),
)

CANNED: Final = (
    (None, "Saudação", "Oi, {{publisher.firstName}}! Aqui é {{attendant.name}}, da {{company}}."),
    (FINANCE, "Prazo do estorno", "O estorno do protocolo {{protocol}} cai em até 5 dias úteis."),
    (ADMINISTRATIVE, "Pedir o número do pedido", "Pode nos passar o número do pedido, por favor?"),
)


async def keep_texts(work: Work, team: Team) -> None:
    """What is kept ready to answer with, and what is asked of publishers here."""
    for level, title, text in CANNED:
        level_id = team.levels[level] if level else None
        await canning.save(work, CannedForm(title=title, text=text, level_id=level_id))
    for key, label, masked in ((CARD, "Clube Aurora", True), (ORDER, "Último pedido", False)):
        form = DefinitionForm(key=key, label=label, kind=FieldKind.TEXT, masked=masked)
        await defining.save_definition(work, form)


class Answering:
    def __init__(self, storage: Storage, team: Team, account_id: UUID, clock: Clock) -> None:
        self._storage = storage
        self._team = team
        self._account_id = account_id
        self._clock = clock

    def set(self, end: datetime) -> None:
        """Have it all happen before the end."""
        self._clock.at(end - BEGUN - timedelta(minutes=1), self._moderate)
        self._clock.at(end - timedelta(seconds=1), self._confirm)
        for place, scene in enumerate(SCENES):
            self._clock.at(end - BEGUN + place * timedelta(minutes=4), self._written(scene))

    async def _moderate(self, moment: datetime) -> None:
        """From now on, what Financeiro answers is read by somebody first."""
        form = LevelForm(id=self._team.levels[FINANCE], name=FINANCE, moderated=True)
        await self._clock.do(moment, self._team.administrator, levelling.save_level, form)

    async def _confirm(self, moment: datetime) -> None:
        """From now on, whoever writes to Financeiro is told their protocol."""
        form = LevelForm(id=self._team.levels[FINANCE], name=FINANCE, sends_receipts=True)
        await self._clock.do(moment, self._team.administrator, levelling.save_level, form)

    def _written(self, scene: Scene) -> Act:
        async def act(moment: datetime) -> None:
            said = self._stands(scene, scene.said, moment)
            await self._keep(said)
            post = Post(
                account_id=self._account_id,
                external_id=said.external_id,
                kind=OccurrenceKind.COMMENT,
                author=Author(scene.handle, scene.name, scene.handle),
                text=scene.said,
                occurred_at=moment,
                thread_id=said.thread,
            )
            [received] = await self._clock.do(moment, self._team.system, intake.take_in, [post])
            if received.ticket is not None:
                self._clock.at(moment + ANSWERED, self._answered(scene, said, received.ticket))

        return act

    def _answered(self, scene: Scene, said: SandboxPost, ticket: Ticket) -> Act:
        async def act(moment: datetime) -> None:
            attendant = self._clock.chance.choice(self._team.handling(ticket.level_id))
            await self._clock.do(moment, attendant, correcting.update, _known(scene, ticket))
            form = ReplyForm(
                ticket_id=ticket.id,
                text=scene.answer,
                visibility=Visibility.PUBLIC,
                send_as=scene.send_as,
            )
            replied = await self._clock.do(moment, attendant, replying.reply, form)
            if scene.ends is not None:
                await self._sent(scene, said, replied, moment)

        return act

    async def _sent(
        self, scene: Scene, said: SandboxPost, replied: Replied, moment: datetime
    ) -> None:
        """What is due goes out, and ends as the scene says."""
        outcome = scene.ends
        claimed = await self._clock.do(moment, self._team.system, _claim)
        for attempt in claimed.attempts:
            if isinstance(outcome, Sent | Doubtful):
                # In doubt it stands there all the same; only nobody was told.
                answer = self._stands(scene, scene.answer, moment, attempt, said)
                await self._keep(answer)
            if isinstance(outcome, Sent):
                outcome = Sent(answer.external_id)
            assert outcome is not None
            await self._clock.do(
                moment, self._team.system, delivering.settle, attempt, outcome, 0.5
            )

    def _stands(
        self,
        scene: Scene,
        text: str,
        at: datetime,
        attempt: Attempt | None = None,
        answers: SandboxPost | None = None,
    ) -> SandboxPost:
        return SandboxPost(
            workspace_id=self._team.system.workspace_id,
            account_id=self._account_id,
            at=at,
            from_company=answers is not None,
            visibility=Visibility.PUBLIC,
            thread=f"post-{scene.order}",
            person_id=scene.handle,
            person_name=scene.name,
            text=text,
            in_reply_to=answers.external_id if answers else None,
            reply_id=attempt.reply_id if attempt else None,
        )

    async def _keep(self, post: SandboxPost) -> None:
        async with self._storage.sandbox() as books:
            await books.write(post)


async def _claim(work: Work) -> Claimed:
    return await delivering.claim(work, 1, lease=LEASE)


def _known(scene: Scene, ticket: Ticket) -> PublisherForm:
    return PublisherForm(
        id=ticket.publisher_id,
        cpf=scene.cpf,
        email=f"{scene.handle}@correio.example",
        phone=scene.phone,
        fields=(
            FieldForm(key=CARD, value=f"AUR-{scene.order}"),
            FieldForm(key=ORDER, value=scene.order),
        ),
    )
