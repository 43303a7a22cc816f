"""The words of customer care: every closed list of values, said once.

They stand below rules and tables so that both may speak them. `LABELS` holds the words that
Brazilian care teams use; `ALIASES` what other products call the same thing.
"""

from enum import StrEnum


class TicketStatus(StrEnum):
    NEW = "NEW"
    OPEN = "OPEN"
    ESCALATED = "ESCALATED"
    PENDING = "PENDING"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


class PublicStage(StrEnum):
    """How far a case has come, as its consumer and partners are told."""

    RECEIVED = "RECEIVED"
    IN_ANALYSIS = "IN_ANALYSIS"
    WAITING_FOR_YOU = "WAITING_FOR_YOU"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"


class CloseReason(StrEnum):
    ANSWERED = "ANSWERED"
    NO_REPLY_NEEDED = "NO_REPLY_NEEDED"
    DECLINED = "DECLINED"
    SPAM = "SPAM"
    DUPLICATE = "DUPLICATE"
    MERGED = "MERGED"
    INACTIVITY = "INACTIVITY"
    CONFIRMED_BY_CUSTOMER = "CONFIRMED_BY_CUSTOMER"


class Priority(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


PRIORITY_ORDER = {
    Priority.URGENT: 0,
    Priority.HIGH: 1,
    Priority.MEDIUM: 2,
    Priority.LOW: 3,
}
"""Most urgent first, so that urgency and age sort in one direction and share one index."""


class TicketOrigin(StrEnum):
    MANUAL = "MANUAL"
    RULE = "RULE"
    SURVEY = "SURVEY"
    API = "API"
    FOLLOW_UP = "FOLLOW_UP"
    IMPORT = "IMPORT"
    INBOUND = "INBOUND"


class Network(StrEnum):
    FACEBOOK = "FACEBOOK"
    INSTAGRAM = "INSTAGRAM"
    X = "X"
    WHATSAPP = "WHATSAPP"
    TELEGRAM = "TELEGRAM"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    SURVEY = "SURVEY"
    WEB = "WEB"
    SANDBOX = "SANDBOX"


class AccountHealth(StrEnum):
    WELL = "WELL"
    UNTESTED = "UNTESTED"
    SILENT = "SILENT"
    TROUBLED = "TROUBLED"
    UNCONNECTED = "UNCONNECTED"
    DISABLED = "DISABLED"


class CallDirection(StrEnum):
    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"


class CallOutcome(StrEnum):
    ANSWERED = "ANSWERED"
    NO_ANSWER = "NO_ANSWER"
    BUSY = "BUSY"
    VOICEMAIL = "VOICEMAIL"
    DROPPED = "DROPPED"


class OccurrenceKind(StrEnum):
    POST = "POST"
    COMMENT = "COMMENT"
    AD_COMMENT = "AD_COMMENT"
    MENTION = "MENTION"
    DIRECT_MESSAGE = "DIRECT_MESSAGE"
    EMAIL = "EMAIL"
    CALL = "CALL"
    SURVEY_ANSWER = "SURVEY_ANSWER"
    REVIEW = "REVIEW"


class GroupingMode(StrEnum):
    HIERARCHY = "HIERARCHY"
    PUBLISHER = "PUBLISHER"


class PullOrder(StrEnum):
    MOST_URGENT = "MOST_URGENT"
    OLDEST_FIRST = "OLDEST_FIRST"
    NEWEST_FIRST = "NEWEST_FIRST"


class AssignmentStrategy(StrEnum):
    MANUAL_PULL = "MANUAL_PULL"
    RANDOM = "RANDOM"
    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_BUSY = "LEAST_BUSY"


class OutsideView(StrEnum):
    NONE = "NONE"
    COUNT = "COUNT"
    STUB = "STUB"
    FULL = "FULL"


class SlaMetric(StrEnum):
    FIRST_RESPONSE = "FIRST_RESPONSE"
    NEXT_RESPONSE = "NEXT_RESPONSE"
    RESOLUTION = "RESOLUTION"
    APPROVAL = "APPROVAL"
    LEVEL_TIME = "LEVEL_TIME"
    LEGAL_RESPONSE = "LEGAL_RESPONSE"
    HISTORY = "HISTORY"


class SlaState(StrEnum):
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    MET = "MET"
    BREACHED = "BREACHED"
    CANCELLED = "CANCELLED"


class SlaRisk(StrEnum):
    ON_TIME = "ON_TIME"
    AT_RISK = "AT_RISK"
    BREACHED = "BREACHED"
    PAUSED = "PAUSED"
    DONE = "DONE"


class SlaCause(StrEnum):
    """What made a warning or a breach due."""

    TIMER = "TIMER"
    TRANSFER = "TRANSFER"
    PRIORITY = "PRIORITY"
    RECOMPUTE = "RECOMPUTE"


class Visibility(StrEnum):
    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"
    INTERNAL = "INTERNAL"


class DeliveryState(StrEnum):
    HELD = "HELD"
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class WebhookEventKind(StrEnum):
    """What a partner is told of a case."""

    TICKET_OPENED = "TICKET_OPENED"
    STAGE_CHANGED = "STAGE_CHANGED"
    MESSAGE_PUBLISHED = "MESSAGE_PUBLISHED"
    CLOSED = "CLOSED"
    REMOVED = "REMOVED"
    TEST = "TEST"


class WebhookDeliveryState(StrEnum):
    """How far the telling of one event has come."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"
    DROPPED = "DROPPED"


class ApprovalState(StrEnum):
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    EDITED_APPROVED = "EDITED_APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"


class ApprovalDecision(StrEnum):
    APPROVE = "APPROVE"
    EDIT_AND_SEND = "EDIT_AND_SEND"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"


class RetryDecision(StrEnum):
    """What a person decides on a reply that stopped on its way."""

    SEND_AGAIN = "SEND_AGAIN"
    ARRIVED = "ARRIVED"
    GIVE_UP = "GIVE_UP"


class HistoryMeans(StrEnum):
    """How a consumer gets the history of their protocol."""

    EMAIL = "EMAIL"
    CHANNEL = "CHANNEL"


class SandboxBehaviour(StrEnum):
    """What the pretend network does with what is sent to it."""

    OK = "ok"
    DECLINE = "decline"
    ACCEPT_AND_CUT = "accept_and_cut"
    """It stands there, and the connection breaks before an answer."""
    CUT = "cut"
    """The connection breaks, and nothing stands there."""
    SLOW = "slow"
    RATE_LIMIT = "rate_limit"
    ERROR = "error"
    FORGET = "forget"
    """Repeats are not recognised; stands until it is taken back."""


class PresenceMode(StrEnum):
    VIEWING = "VIEWING"
    TYPING = "TYPING"


class FieldKind(StrEnum):
    """What a custom field of publishers holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    CPF = "CPF"
    EMAIL = "EMAIL"
    PHONE = "PHONE"


class Role(StrEnum):
    ADMIN = "ADMIN"
    SUPERVISOR = "SUPERVISOR"
    ATTENDANT = "ATTENDANT"
    VIEWER = "VIEWER"
    APPROVER = "APPROVER"


class LevelRole(StrEnum):
    MANAGER = "MANAGER"
    ATTENDANT = "ATTENDANT"


class HistoryKind(StrEnum):
    TICKET_OPENED = "TICKET_OPENED"
    OCCURRENCE_RECEIVED = "OCCURRENCE_RECEIVED"
    OCCURRENCE_EDITED = "OCCURRENCE_EDITED"
    OCCURRENCE_DELETED = "OCCURRENCE_DELETED"
    CALL_RECORDED = "CALL_RECORDED"
    ATTACHMENT_KEPT = "ATTACHMENT_KEPT"
    ATTACHMENT_LOST = "ATTACHMENT_LOST"
    REPLY_WRITTEN = "REPLY_WRITTEN"
    REPLY_SENT = "REPLY_SENT"
    REPLY_FAILED = "REPLY_FAILED"
    REPLY_UNKNOWN = "REPLY_UNKNOWN"
    REPLY_RETRIED = "REPLY_RETRIED"
    APPROVAL_REQUESTED = "APPROVAL_REQUESTED"
    APPROVAL_DECIDED = "APPROVAL_DECIDED"
    NOTE_ADDED = "NOTE_ADDED"
    STATUS_CHANGED = "STATUS_CHANGED"
    PRIORITY_CHANGED = "PRIORITY_CHANGED"
    LEVEL_CHANGED = "LEVEL_CHANGED"
    ASSIGNEE_CHANGED = "ASSIGNEE_CHANGED"
    TYPE_CHANGED = "TYPE_CHANGED"
    TAGS_CHANGED = "TAGS_CHANGED"
    SUBJECT_CHANGED = "SUBJECT_CHANGED"
    CLAIMED = "CLAIMED"
    CLAIM_EXPIRED = "CLAIM_EXPIRED"
    REOPENED = "REOPENED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    MERGED = "MERGED"
    REMOVED = "REMOVED"
    SLA_WARNING = "SLA_WARNING"
    SLA_BREACHED = "SLA_BREACHED"
    SLA_RECOMPUTED = "SLA_RECOMPUTED"
    ALERT_SENT = "ALERT_SENT"
    PUBLISHER_CHANGED = "PUBLISHER_CHANGED"
    REVEALED = "REVEALED"
    HISTORY_REQUESTED = "HISTORY_REQUESTED"
    HISTORY_SENT = "HISTORY_SENT"


class TicketOrderField(StrEnum):
    URGENCY = "URGENCY"
    OPENED_AT = "OPENED_AT"
    UPDATED_AT = "UPDATED_AT"
    DUE_AT = "DUE_AT"
    PRIORITY = "PRIORITY"
    INTERACTIONS = "INTERACTIONS"


class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


class TicketScope(StrEnum):
    ALL = "ALL"
    SAME_LEVEL = "SAME_LEVEL"
    OTHER_LEVELS = "OTHER_LEVELS"
    ACTIVE = "ACTIVE"


class QueueChangeKind(StrEnum):
    ENTERED = "ENTERED"
    UPDATED = "UPDATED"
    LEFT = "LEFT"


class Locale(StrEnum):
    PT_BR = "pt-BR"
    EN = "en"


LABELS: dict[StrEnum, str] = {
    TicketStatus.NEW: "Criado",
    TicketStatus.OPEN: "Aberto",
    TicketStatus.ESCALATED: "Escalado",
    TicketStatus.PENDING: "Pendente",
    TicketStatus.AWAITING_APPROVAL: "Aprovação",
    TicketStatus.RESOLVED: "Resolvido",
    TicketStatus.CLOSED: "Finalizado",
    Priority.LOW: "Baixa",
    Priority.MEDIUM: "Média",
    Priority.HIGH: "Alta",
    Priority.URGENT: "Urgente",
    SlaMetric.FIRST_RESPONSE: "1ª resposta",
    SlaMetric.NEXT_RESPONSE: "próxima resposta",
    SlaMetric.RESOLUTION: "resolução",
    SlaMetric.APPROVAL: "moderação",
    SlaMetric.LEVEL_TIME: "tempo no nível",
    SlaMetric.LEGAL_RESPONSE: "prazo legal",
    SlaMetric.HISTORY: "envio do histórico",
}

ALIASES: dict[str, StrEnum] = {
    "Novo": TicketStatus.NEW,
    "Crítica": Priority.URGENT,
}

TICKET_TYPES = (
    "Suporte Técnico",
    "Feedback",
    "Vendas",
    "Atendimento ao Cliente",
    "Incidentes",
    "Treinamento",
)
"""What a new workspace starts with; each business makes its own."""
