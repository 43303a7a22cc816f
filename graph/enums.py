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
    MOST_URGENT="The highest priority, then the oldest.",
    OLDEST_FIRST="The one opened first.",
    NEWEST_FIRST="The one opened last.",
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
    REPLY_SENT="A reply reached the publisher.",
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
)
lend(
    words.TicketOrderField,
    "What tickets can be sorted by.",
    URGENCY="Highest priority, then oldest.",
    OPENED_AT="When it was opened.",
    UPDATED_AT="When it last changed.",
    PRIORITY="Its priority; older ones first among equals when highest comes first.",
    INTERACTIONS="How much has happened to it.",
)
lend(words.OrderDirection, "Which end comes first.", ASC="The lowest.", DESC="The highest.")
lend(
    words.TicketScope,
    "Which tickets of a publisher.",
    ALL="All that the caller may see.",
    SAME_LEVEL="Those in the same level.",
    OTHER_LEVELS="Those in other levels, as far as the wall allows.",
    ACTIVE="Those that are not closed.",
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
    ACCOUNT_NOT_IN_LEVEL="The level does not answer from that account.",
    NOT_SUPPORTED_BY_NETWORK="The network cannot do that.",
    TOO_LONG="Shorten it.",
    TOO_LARGE="Make it smaller.",
    CAPACITY_FULL="The caller holds as many tickets as they can.",
    DUPLICATE="There is one already.",
    LEVEL_DISABLED="The level takes no tickets.",
    RATE_LIMITED="Too often; wait a little.",
)
