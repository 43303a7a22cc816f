"""What the page of protocols says, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.words import Locale, PublicStage

RECEIVED, IN_ANALYSIS, WAITING, ANSWERED, CLOSED = PublicStage
LANGUAGES = ((Locale.PT_BR, "Português"), (Locale.EN, "English"))
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, kw_only=True)
class PageWords:
    title: str
    intro: str
    language: str
    protocol: str
    number: str
    number_hint: str
    proof: str
    proof_hint: str
    ask: str
    leave: str
    stage: str
    steps: str
    opened: str
    updated: str
    expected: str
    successor: str
    messages: str
    you: str
    removed: str
    changed: str
    over: str
    footer: str
    nothing: str
    stale: str
    too_often: str
    too_large: str
    away: str
    write: str
    send: str
    sent: str
    sent_anew: str
    not_sent: str
    too_many: str
    write_hint: Mapping[PublicStage, str]
    stages: Mapping[PublicStage, str]
    meaning: Mapping[PublicStage, str]


PT = PageWords(
    title="Consulta de protocolo",
    intro="Veja em que etapa está o seu atendimento e o que já foi respondido.",
    language="Idioma",
    protocol="Protocolo",
    number="Número do protocolo",
    number_hint="Os 17 números que você recebeu ao nos escrever.",
    proof="CPF ou e-mail",
    proof_hint="Os 4 últimos números do seu CPF, ou o seu e-mail.",
    ask="Consultar",
    leave="Sair e consultar outro protocolo",
    stage="Etapa",
    steps="Por onde passou",
    opened="Registrado em",
    updated="Última atualização",
    expected="Previsão de resposta",
    successor="Continua no protocolo",
    messages="Mensagens",
    you="Você",
    removed="Este protocolo foi removido",
    changed="Há novidades: esta página acaba de ser atualizada.",
    over="Por segurança, esta consulta terminou. Recarregue a página para consultar de novo.",
    footer="Só mostramos o que foi dito entre você e a empresa. A consulta dura 30 minutos.",
    nothing="Não encontramos esse protocolo com esses dados. Confira o número e o CPF ou e-mail.",
    stale="O formulário perdeu a validade. Preencha de novo, com cookies permitidos.",
    too_often="Consultas demais. Tente de novo em {wait}.",
    too_large="O texto é grande demais.",
    away="Não foi possível agora. Tente de novo em instantes.",
    write="Escrever uma mensagem",
    send="Enviar",
    sent="Recebemos sua mensagem. Ela já está neste protocolo.",
    sent_anew="Recebemos sua mensagem. Seu novo protocolo é {protocol}.",
    not_sent="Não foi possível receber sua mensagem: {reason}",
    too_many="Mensagens demais. Tente de novo em {wait}.",
    write_hint={
        RECEIVED: "Quer acrescentar algo? Escreva aqui.",
        IN_ANALYSIS: "Quer acrescentar algo? Escreva aqui.",
        WAITING: "Escreva aqui o que a empresa pediu.",
        ANSWERED: "Se ainda falta algo, escreva aqui: o caso será reaberto.",
        CLOSED: "Este caso foi encerrado: o que você escrever abre um novo protocolo.",
    },
    stages={
        RECEIVED: "Recebido",
        IN_ANALYSIS: "Em análise",
        WAITING: "Aguardando sua resposta",
        ANSWERED: "Respondido",
        CLOSED: "Encerrado",
    },
    meaning={
        RECEIVED: "Recebemos sua mensagem e ela está na fila de atendimento.",
        IN_ANALYSIS: "Estamos cuidando do seu caso.",
        WAITING: "Precisamos de uma resposta sua para continuar.",
        ANSWERED: "Respondemos. Se ainda falta algo, escreva de novo e o caso será reaberto.",
        CLOSED: "O atendimento foi encerrado. Uma nova mensagem abre um novo protocolo.",
    },
)
EN = PageWords(
    title="Protocol status",
    intro="See how far your case has come and what has been answered.",
    language="Language",
    protocol="Protocol",
    number="Protocol number",
    number_hint="The 17 digits that you were given when you wrote to us.",
    proof="CPF or e-mail",
    proof_hint="The last 4 digits of your CPF, or your e-mail.",
    ask="Show status",
    leave="Leave and look up another protocol",
    stage="Stage",
    steps="Stages so far",
    opened="Registered on",
    updated="Last update",
    expected="Answer expected by",
    successor="Goes on under protocol",
    messages="Messages",
    you="You",
    removed="This protocol was removed",
    changed="There is news: this page has just been updated.",
    over="To keep you safe, this visit has ended. Reload the page to look again.",
    footer="Only what was said between you and the company is shown. A visit lasts 30 minutes.",
    nothing="We found no such protocol with these details. Check the number and the CPF or e-mail.",
    stale="The form is no longer good. Fill it in again, with cookies allowed.",
    too_often="Too many look-ups. Try again in {wait}.",
    too_large="The text is too large.",
    away="This could not be done right now. Try again in a moment.",
    write="Write a message",
    send="Send",
    sent="We have your message. It is part of this protocol now.",
    sent_anew="We have your message. Your new protocol is {protocol}.",
    not_sent="Your message could not be taken: {reason}",
    too_many="Too many messages. Try again in {wait}.",
    write_hint={
        RECEIVED: "Is there anything to add? Write it here.",
        IN_ANALYSIS: "Is there anything to add? Write it here.",
        WAITING: "Write here what the company asked for.",
        ANSWERED: "If anything is missing, write it here: the case is reopened.",
        CLOSED: "This case is closed: what you write opens a new protocol.",
    },
    stages={
        RECEIVED: "Received",
        IN_ANALYSIS: "Being looked into",
        WAITING: "Waiting for your answer",
        ANSWERED: "Answered",
        CLOSED: "Closed",
    },
    meaning={
        RECEIVED: "We have received your message, and it is in the queue.",
        IN_ANALYSIS: "We are looking into your case.",
        WAITING: "We need an answer from you to go on.",
        ANSWERED: "We have answered. If anything is missing, write again and the case is reopened.",
        CLOSED: "The case is closed. A new message opens a new protocol.",
    },
)
WORDS = {Locale.PT_BR: PT, Locale.EN: EN}


def moment(at: datetime, locale: Locale) -> str:
    """An instant as people read it, on the clock that it is given by."""
    if locale is Locale.PT_BR:
        return f"{at:%d/%m/%Y às %H:%M}"
    return f"{at.day} {MONTHS[at.month - 1]} {at:%Y at %H:%M}"


def while_(seconds: int, locale: Locale) -> str:
    """How long, in the largest unit that says it: `3 horas`."""
    hours, minutes = -(-seconds // 3600), -(-seconds // 60)
    portuguese = locale is Locale.PT_BR
    if seconds > 5400:
        return f"{hours} {'horas' if portuguese else 'hours'}"
    one = minutes == 1
    return f"{minutes} {'minuto' if portuguese else 'minute'}{'' if one else 's'}"
