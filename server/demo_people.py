"""Who is who at Loja Aurora: its team, its accounts, the names of those who write. Invented."""

from dataclasses import dataclass
from typing import Final

from domain.words import LevelRole, Network, Role

WORKSPACE: Final = "Loja Aurora"
DOMAIN: Final = "lojaaurora.example"
ADMINISTRATIVE, FINANCE, PEOPLE = "Administrativo", "Financeiro", "RH"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the team; `levels` says what they are in each, capacity as a last word."""

    name: str
    mailbox: str
    role: Role
    levels: tuple[tuple[str, LevelRole, int | None], ...] = ()

    @property
    def email(self) -> str:
        return f"{self.mailbox}@{DOMAIN}"


MANAGER, ATTENDANT = LevelRole.MANAGER, LevelRole.ATTENDANT

TEAM: Final = (
    Colleague("Helena Duarte", "admin", Role.ADMIN),
    Colleague(
        "Otávio Brandão",
        "otavio",
        Role.SUPERVISOR,
        # What Financeiro hands out goes to its attendants.
        ((ADMINISTRATIVE, MANAGER, None), (FINANCE, MANAGER, 0)),
    ),
    Colleague("Marisa Quintela", "marisa", Role.SUPERVISOR, ((PEOPLE, MANAGER, None),)),
    Colleague("Bruna Salgado", "bruna", Role.ATTENDANT, ((ADMINISTRATIVE, ATTENDANT, 15),)),
    Colleague("Davi Nogueira", "davi", Role.ATTENDANT, ((ADMINISTRATIVE, ATTENDANT, 15),)),
    Colleague("Ingrid Peçanha", "ingrid", Role.ATTENDANT, ((ADMINISTRATIVE, ATTENDANT, 12),)),
    Colleague("Caetano Rocha", "caetano", Role.ATTENDANT, ((ADMINISTRATIVE, ATTENDANT, 10),)),
    Colleague("Lívia Monteiro", "livia", Role.ATTENDANT, ((FINANCE, ATTENDANT, 12),)),
    Colleague("Renan Siqueira", "renan", Role.ATTENDANT, ((FINANCE, ATTENDANT, 10),)),
    Colleague(
        "Tainá Figueira",
        "taina",
        Role.ATTENDANT,
        ((ADMINISTRATIVE, ATTENDANT, 8), (FINANCE, ATTENDANT, 8)),
    ),
    Colleague("Elisa Vilhena", "elisa", Role.ATTENDANT, ((PEOPLE, ATTENDANT, None),)),
    # Reads what is to be approved in Financeiro, and nothing else.
    Colleague("Sílvia Prado", "silvia", Role.APPROVER, ((FINANCE, ATTENDANT, 0),)),
    Colleague("Jorge Amparo", "jorge", Role.VIEWER, ((ADMINISTRATIVE, ATTENDANT, 0),)),
)

ACCOUNTS: Final = (
    (Network.INSTAGRAM, "Loja Aurora", "lojaaurora"),
    (Network.FACEBOOK, "Loja Aurora Oficial", "lojaauroraoficial"),
    (Network.X, "Loja Aurora SAC", "aurora_sac"),
    (Network.WHATSAPP, "WhatsApp da Aurora", None),
    (Network.EMAIL, "Fale conosco", f"contato@{DOMAIN}"),
    (Network.WEB, "Avaliações do site", None),
    (Network.SANDBOX, "Sandbox da Aurora", "aurora"),
)

KEYWORDS: Final = {
    FINANCE: (
        "reembolso",
        "estorno",
        "boleto",
        "nota fiscal",
        "cobrança",
        "cobrada",
        "fatura",
        "cashback",
        "pix",
        "cartões",
    ),
    PEOPLE: (
        "vaga",
        "currículo",
        "holerite",
        "férias",
        "entrevista",
        "rescisão",
        "vale-transporte",
        "estágio",
        "aprendiz",
        "informe de rendimentos",
        "declaração de vínculo",
        "plano de saúde da firma",
    ),
}

TAGS: Final = ("entrega", "troca", "defeito", "elogio", "loja física", "urgente", "vip", "site")

FIRST_NAMES: Final = (
    *("Adriana", "Alan", "Amanda", "Bianca", "Breno", "Camila", "Cássio", "Cecília", "Clara"),
    *("Daniel", "Débora", "Diego", "Eduarda", "Enzo", "Fábio", "Fernanda", "Gabriela", "Giovanni"),
    *("Heitor", "Iara", "Igor", "Isadora", "Jéssica", "João", "Juliana", "Kelly", "Larissa"),
    *("Leandro", "Letícia", "Lorena", "Luan", "Márcia", "Mateus", "Nádia", "Natan", "Olívia"),
    *("Patrícia", "Pedro", "Priscila", "Rafael", "Raíssa", "Rodrigo", "Rosana", "Samuel"),
    *("Sônia", "Talita", "Thiago", "Valéria", "Vinícius", "Wesley", "Yasmin", "Zélia"),
)

SURNAMES: Final = (
    *("Abreu", "Almeida", "Barreto", "Bittencourt", "Camargo", "Cardim", "Cerqueira", "Dantas"),
    *("Esteves", "Falcão", "Freitas", "Galvão", "Guimarães", "Junqueira", "Lacerda", "Leal"),
    *("Macedo", "Moraes", "Novaes", "Pacheco", "Paiva", "Queiroz", "Rezende", "Sampaio"),
    *("Tavares", "Teles", "Vasconcelos", "Xavier"),
)
