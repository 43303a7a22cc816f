"""Domain words lent to the graph: registered in place, each value with what it means."""

from enum import StrEnum
from typing import TypeVar

import strawberry

from domain import words
from domain.errors import ErrorCode

E = TypeVar("E", bound=StrEnum)


def lend(enum: type[E], description: str, **meanings: str) -> type[E]:
    # An input that was declared before may have lent it already; a second time would make a twin.
    if not hasattr(enum, "__strawberry_definition__"):
        strawberry.enum(enum)
    definition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    definition.description = description
    for value in definition.values:
        value.description = meanings[value.name]
    return enum


lend(
    words.TicketStatus,
    "Where a ticket stands.",
    NEW="Criado: opened, and nothing has happened to it yet.",
    OPEN="Aberto: on us, assigned or in the queue.",
    ESCALATED="Escalado: another level has been asked and has not taken it yet.",
    PENDING="Pendente: waiting for the publisher.",
    AWAITING_APPROVAL="Aprovação: a reply waits for a moderator.",
    RESOLVED="Resolvido: everything was said; a message reopens it.",
    CLOSED="Finalizado: over; the next message opens a new ticket.",
)
lend(
    words.CloseReason,
    "Why a ticket was closed.",
    ANSWERED="Respondido.",
    NO_REPLY_NEEDED="Não passível de resposta.",
    DECLINED="Encerrado sem atendimento.",
    SPAM="Spam.",
    DUPLICATE="The same matter is handled elsewhere.",
    MERGED="Unificado: its messages went to another ticket.",
    INACTIVITY="Inatividade: nothing came any more.",
    CONFIRMED_BY_CUSTOMER="Confirmado pelo cliente.",
)
lend(
    words.Priority,
    "How urgent a ticket is.",
    LOW="Baixa.",
    MEDIUM="Média.",
    HIGH="Alta.",
    URGENT="Urgente, also called crítica.",
)
lend(
    words.TicketOrigin,
    "How a ticket came to be.",
    MANUAL="Opened by a person.",
    RULE="Opened by a rule.",
    SURVEY="Opened by a survey answer.",
    API="Opened by a program.",
    FOLLOW_UP="Opened to correct a closed one.",
    IMPORT="Brought along from another helpdesk.",
    INBOUND="Opened by a message.",
)
lend(
    words.Network,
    "Where a message was written.",
    FACEBOOK="Facebook.",
    INSTAGRAM="Instagram.",
    X="X, once Twitter.",
    WHATSAPP="WhatsApp.",
    TELEGRAM="Telegram.",
    EMAIL="E-mail.",
    PHONE="A call.",
    SURVEY="A survey.",
    WEB="A site, a form, anything else on the web.",
    SANDBOX="A pretend network for trying things.",
)
lend(
    words.OccurrenceKind,
    "What kind of message it is.",
    POST="A post of their own.",
    COMMENT="A comment under a post.",
    AD_COMMENT="A comment under an ad.",
    MENTION="A mention of one of our accounts.",
    DIRECT_MESSAGE="A private message.",
    EMAIL="An e-mail.",
    CALL="A call, written down.",
    SURVEY_ANSWER="The answer to a survey.",
    REVIEW="A review.",
)
lend(
    words.GroupingMode,
    "What makes a conversation.",
    HIERARCHY="One person under one post of one account.",
    PUBLISHER="One person in one level, whatever the account and the post.",
)
lend(
    words.PullOrder,
    "Which tickets a pull takes first.",
    MOST_URGENT="The nearest deadline, or the one longest past; then priority, then the oldest.",
    OLDEST_FIRST="The one opened first.",
    NEWEST_FIRST="The one opened last.",
)
lend(
    words.AssignmentStrategy,
    "How a ticket that nobody has finds somebody in its level.",
    MANUAL_PULL="It waits until somebody pulls it.",
    RANDOM="Whoever is available and has room; by lot.",
    ROUND_ROBIN="Whoever is available and has room; each in turn.",
    LEAST_BUSY="Whoever is available and holds the fewest tickets.",
)
lend(
    words.OutsideView,
    "What people outside a level see of its tickets.",
    NONE="Nothing; not even counted.",
    COUNT="Only that they exist, in the publisher's total.",
    STUB="Protocol, level and status.",
    FULL="Everything, without the right to change it.",
)
lend(
    words.SlaMetric,
    "What is measured of a ticket against a deadline. Targets are opening time of the level, but "
    "for what the law gives in days. What a level gives no target is not measured there. Merging a "
    "ticket away or removing it cancels every clock.",
    FIRST_RESPONSE="1ª resposta: from registration to the first reply, public or private, that a "
    "person wrote and the network took. Notes, automated replies and changes of status do not "
    "meet it. It runs on while the ticket is PENDING, is paused while it is RESOLVED, and is "
    "cancelled by closing.",
    NEXT_RESPONSE="Próxima resposta: from a message that comes after the first response or while "
    "the ticket is PENDING, or from a reopening, to the next such reply. While one waits, further "
    "messages start no other. Paused while PENDING or RESOLVED; cancelled by closing, and by a "
    "thank-you that ends the reopening.",
    RESOLUTION="Resolução: from registration until the ticket is RESOLVED or CLOSED. Paused while "
    "PENDING. A reopening lets it go on with what was used; the time spent RESOLVED does not "
    "count.",
    APPROVAL="Moderação: from a reply's being put to a moderator until the ticket leaves "
    "AWAITING_APPROVAL, whatever was decided. Never paused; each approval has a clock of its own.",
    LEVEL_TIME="Tempo no nível: from the ticket's coming to the level until it leaves it, or is "
    "RESOLVED or CLOSED. Paused while PENDING; a reopening lets it go on. Each level it comes to "
    "has a clock of its own.",
    LEGAL_RESPONSE="Prazo legal: from registration until the ticket is RESOLVED or CLOSED, in "
    "calendar days whatever the opening hours: due in the last second of the last local day, the "
    "day of registration not counted. Nothing pauses it; a reopening before the deadline lets it "
    "go on as if it had never stopped. It warns once, two days before.",
    HISTORY="Envio do histórico: from the consumer's asking for the history of their case until "
    "the network took it, in calendar days: due in the last second of the fifth local day after. "
    "Nothing pauses it, no level changes it, and closing does not end it; where the ticket is "
    "merged into another, it goes on there.",
)
lend(
    words.SlaState,
    "Where a clock stands. BREACHED stays: a clock that was late is late for ever, also when it "
    "runs on, is paused, met or cancelled later.",
    RUNNING="Its time passes, as far as the level is open.",
    PAUSED="Its time does not pass, and its deadline moves along: the publisher is waited for, "
    "or it is RESOLVED.",
    MET="What it measures was done in time.",
    BREACHED="Its deadline passed before what it measures was done.",
    CANCELLED="It ended without a verdict: what it measures is no longer owed.",
)
lend(
    words.SlaRisk,
    "How near a deadline is: of a clock as it is at the moment of reading; of a ticket the worst "
    "of its clocks, by the warnings and breaches told so far.",
    ON_TIME="It runs, and its last warning is still to come.",
    AT_RISK="It runs, and its last warning before the deadline is due or was told.",
    BREACHED="The deadline has passed, and what it is for is not done.",
    PAUSED="Nothing runs; something is still owed.",
    DONE="Nothing is owed: met, cancelled, or never measured; so is every ticket that is RESOLVED "
    "or CLOSED.",
)
lend(
    words.SlaCause,
    "What made a warning or a breach due.",
    TIMER="Time passed.",
    TRANSFER="The ticket went to another level, whose target was used up already.",
    PRIORITY="Its priority changed, and the new target was used up already.",
    RECOMPUTE="The level's rules were applied to it anew, and so much was used up already.",
)
lend(
    words.Visibility,
    "Who can read a reply.",
    PUBLIC="Everybody on the network.",
    PRIVATE="The publisher alone.",
    INTERNAL="Only colleagues: a note.",
)
lend(
    words.DeliveryState,
    "How far a reply has come.",
    HELD="Aguardando aprovação.",
    QUEUED="Na fila.",
    SENDING="Enviando.",
    SENT="Enviada.",
    FAILED="Recusada.",
    UNKNOWN="Talvez enviada: a person decides, never a blind retry.",
)
lend(
    words.Role,
    "What a person may do in the workspace.",
    ADMIN="Everything, in every level.",
    SUPERVISOR="Handle, manage and arrange the levels they are a member of.",
    ATTENDANT="Handle the tickets of the levels they are a member of.",
    VIEWER="Look at the levels they are a member of.",
    APPROVER="Decide on held replies of the levels they are a member of, and see no more.",
)
lend(
    words.ApprovalState,
    "Where an approval stands.",
    SUBMITTED="It waits for a moderator.",
    APPROVED="It was sent as it was written.",
    EDITED_APPROVED="It was sent as a moderator edited it.",
    REJECTED="It went back to its author.",
    WITHDRAWN="Its author took it back.",
    SUPERSEDED="Its ticket was merged or removed before anybody decided.",
)
lend(
    words.ApprovalDecision,
    "What is decided about a held reply.",
    APPROVE="Send it as it is.",
    EDIT_AND_SEND="Send another text; both are kept.",
    REJECT="Give it back, with a reason.",
    WITHDRAW="Take back one's own.",
)
lend(
    words.RetryDecision,
    "What is decided about a reply that stopped on its way.",
    SEND_AGAIN="Send it again, in its place before those that wait.",
    ARRIVED="It arrived; the publisher has been answered.",
    GIVE_UP="Nobody will know; it counts as not sent.",
)
lend(
    words.HistoryMeans,
    "How a consumer gets the history of their case.",
    EMAIL="To their e-mail address.",
    CHANNEL="In private where the conversation is, if the network carries files.",
)
lend(
    words.PresenceMode,
    "What somebody does on a ticket.",
    VIEWING="Visualizando: looks at it.",
    TYPING="Digitando: writes on it.",
)
lend(
    words.FieldKind,
    "What a custom field of publishers holds.",
    TEXT="A line of text, of a pattern where one is given.",
    NUMBER="A number.",
    DATE="A date.",
    CPF="A CPF with right check digits.",
    EMAIL="An e-mail address.",
    PHONE="A phone number, kept as +55…",
)
lend(
    words.LevelRole,
    "What a person is in a level.",
    MANAGER="May also remove tickets there.",
    ATTENDANT="Handles its tickets.",
)
lend(
    words.HistoryKind,
    "What happened to a ticket.",
    TICKET_OPENED="It was opened.",
    OCCURRENCE_RECEIVED="The publisher wrote.",
    OCCURRENCE_EDITED="The publisher changed a message; the comment is what it said before.",
    OCCURRENCE_DELETED="The publisher took a message back on the network; here it stays.",
    CALL_RECORDED="Somebody spoke by telephone, or tried to; the comment is what was said.",
    ATTACHMENT_KEPT="A file of a message, which lay at the network, is here now.",
    ATTACHMENT_LOST="A file of a message, which lay at the network, will not be had; the comment "
    "says why.",
    REPLY_WRITTEN="A reply is on its way to the network.",
    REPLY_SENT="The network took a reply.",
    REPLY_FAILED="A reply will not go out; from and to say what that did to the status.",
    REPLY_UNKNOWN="A reply may have gone out or not; a person decides.",
    REPLY_RETRIED="Somebody had a reply sent again.",
    APPROVAL_REQUESTED="A reply is held until a moderator decides.",
    APPROVAL_DECIDED="A held reply was decided on.",
    NOTE_ADDED="A colleague left a note.",
    STATUS_CHANGED="Its status changed.",
    PRIORITY_CHANGED="Its priority changed.",
    LEVEL_CHANGED="It went to another level.",
    ASSIGNEE_CHANGED="It was given to somebody, or to nobody.",
    TYPE_CHANGED="Its type changed.",
    TAGS_CHANGED="Its tags changed.",
    SUBJECT_CHANGED="Its subject changed.",
    CLAIMED="Somebody pulled it from the queue.",
    CLAIM_EXPIRED="It was pulled, not touched in time, and went back to the queue.",
    REOPENED="It was resolved, and is open again.",
    ACKNOWLEDGED="The message that reopened it was a thank-you; it is resolved again.",
    MERGED="It was merged with another.",
    REMOVED="It was taken out of every list.",
    SLA_WARNING="A share of a clock's time was gone; which one is told by slaEvent.",
    SLA_BREACHED="A deadline passed; which one is told by slaEvent.",
    SLA_RECOMPUTED="Its deadlines were worked out anew, by the level's rules of then.",
    ALERT_SENT="Somebody has to look at it; `to` says at what.",
    PUBLISHER_CHANGED="Something known of its publisher changed.",
    REVEALED="Somebody looked at a masked field of its publisher.",
    HISTORY_REQUESTED="The consumer asked for its history; `to` says how, and by when it is owed.",
    HISTORY_SENT="The network took the history; `to` is the document's SHA-256.",
)
lend(
    words.TicketOrderField,
    "What tickets can be sorted by.",
    URGENCY="Nearest deadline, or longest past, first; then highest priority, then oldest. "
    "Tickets without a running clock come after those with one.",
    OPENED_AT="When it was opened.",
    UPDATED_AT="When it last changed.",
    DUE_AT="Its nearest running deadline; tickets without one come last going up.",
    PRIORITY="Its priority; older ones first among equals when highest comes first.",
    INTERACTIONS="How much has happened to it.",
)
lend(words.OrderDirection, "Which end comes first.", ASC="The lowest.", DESC="The highest.")
lend(
    words.CallDirection,
    "Who called whom.",
    INBOUND="The publisher called.",
    OUTBOUND="Somebody of the company called.",
)
lend(
    words.CallOutcome,
    "How a telephone call ended.",
    ANSWERED="They spoke.",
    NO_ANSWER="Nobody took it.",
    BUSY="The line was busy.",
    VOICEMAIL="A machine took the message.",
    DROPPED="It broke off; whoever was called is called back.",
)
lend(
    words.AccountHealth,
    "How an account stands with its network.",
    WELL="What goes out is taken, or something came in.",
    UNTESTED="Nothing came in yet, and nobody tried it.",
    SILENT="Nothing was told for days: its webhook may lead elsewhere.",
    TROUBLED="Nothing goes out before an administrator mends it.",
    UNCONNECTED="It is not known how to reach the network.",
    DISABLED="It is switched off.",
)
lend(
    words.TicketScope,
    "Which tickets of a publisher.",
    ALL="All that the caller may see.",
    SAME_LEVEL="Those in the same level.",
    OTHER_LEVELS="Those in other levels, as far as the wall allows.",
    ACTIVE="Those that are not closed.",
)
lend(
    words.PublicStage,
    "Where a ticket stands, for whoever waits for an answer.",
    RECEIVED="Recebido: it was registered.",
    IN_ANALYSIS="Em análise: it is being looked at.",
    WAITING_FOR_YOU="Aguardando sua resposta: the publisher has to answer.",
    ANSWERED="Respondido: everything was said; a message reopens it.",
    CLOSED="Encerrado: over; a message opens a new ticket.",
)
lend(
    words.QueueChangeKind,
    "What a ticket did to a list.",
    ENTERED="It was not in it and now is.",
    UPDATED="It was in it, still is, and changed.",
    LEFT="It was in it and no longer is.",
)
lend(
    ErrorCode,
    "Why something was refused, for programs.",
    NOT_FOUND="There is no such thing, or it may not be seen.",
    FORBIDDEN="It may be seen, but not changed by the caller.",
    INVALID="The input cannot be right.",
    WRONG_STATE="Not in the state that the thing is in.",
    COMMENT_REQUIRED="Say why.",
    REASON_REQUIRED="Give the reason.",
    VERSION_CONFLICT="Somebody changed it first.",
    STALE_REPLY="The publisher wrote meanwhile.",
    ACCOUNT_NOT_IN_LEVEL="The level does not answer from that account.",
    NOT_SUPPORTED_BY_NETWORK="The network cannot do that.",
    TOO_LONG="Shorten it.",
    TOO_LARGE="Make it smaller.",
    TYPE_NOT_ALLOWED="Files of that type are not taken.",
    ALREADY_DECIDED="Somebody decided first.",
    CAPACITY_FULL="The caller holds as many tickets as they can.",
    DUPLICATE="There is one already.",
    LEVEL_DISABLED="The level takes no tickets.",
    RATE_LIMITED="Too often; wait a little.",
)
lend(
    words.WebhookEventKind,
    "What a partner is told of a case.",
    TICKET_OPENED="Aberto: it was registered.",
    STAGE_CHANGED="Mudou de etapa: it reached another public stage, and is not closed.",
    MESSAGE_PUBLISHED="Mensagem publicada: either side wrote where anybody can read it.",
    CLOSED="Encerrado: it is over.",
    REMOVED="Removido: it was taken out; nothing else is told of it.",
    TEST="Teste: nothing happened; somebody wants to see whether it arrives.",
)
lend(
    words.WebhookDeliveryState,
    "How far the telling of one event has come.",
    QUEUED="Na fila: to be told, or told again.",
    SENDING="Enviando: being told.",
    DELIVERED="Entregue: the partner took it.",
    DEAD="Abandonada: not taken in a day; it may be replayed.",
    DROPPED="Descartada: by then it was not the partner's to know any more.",
)
