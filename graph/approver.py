"""What somebody who only approves may ask for: the decision, and the conversation it is about.

They often belong to the client company and not to the care team. Like a display's, their documents
are read before they run; a field that is not listed here refuses the whole document, so what is
added tomorrow for colleagues is not theirs either. Which rows they see, the wall says.
"""

from collections.abc import Iterator

from graphql import validate
from strawberry.extensions import SchemaExtension

from domain.rules.access import Actor
from graph.listed import Listed
from resolvers.context import Context

HEAD = {"code", "message", "field"}
WHOLE = frozenset(
    {
        "Approval",
        "ApprovalConnection",
        "ApprovalEdge",
        "ApprovalUpdate",
        "ApprovalPayload",
        "ApprovalConflict",
        "Me",
        "PageInfo",
        "SignInPayload",
        "SignOutPayload",
        "OccurrenceConnection",
        "OccurrenceEdge",
        "ReplyConnection",
        "ReplyEdge",
        "HistoryConnection",
        "HistoryEdge",
    }
)
FIELDS = {
    "Query": {"me", "approval", "approvals"},
    "Mutation": {"signIn", "signOut", "refreshSession", "decideApproval"},
    "Subscription": {"approvalChanges"},
    "Node": {"id"},
    "Payload": {"userErrors"},
    "UserError": HEAD,
    "InvalidInput": HEAD,
    "Refused": HEAD,
    "VersionConflict": HEAD,
    "StaleReply": {*HEAD, "newEntries", "cursor"},
    "Workspace": {"id", "name", "timeZone", "locale"},
    "User": {"id", "name", "email", "role", "grants", "levels"},
    "LevelMember": {"level", "role"},
    "Level": {"id", "name", "moderated"},
    "Account": {"id", "network", "name", "handle"},
    "Attachment": {"id", "fileName", "mediaType", "size", "url"},
    "Publisher": {"id", "name", "avatarUrl"},
    "Ticket": {
        "id",
        "protocol",
        "version",
        "status",
        "closeReason",
        "priority",
        "subject",
        "network",
        "level",
        "publisher",
        "account",
        "occurredAt",
        "openedAt",
        "ageSeconds",
        "updatedAt",
        "resolvedAt",
        "closedAt",
        "risk",
        "dueAt",
        "occurrences",
        "replies",
        "history",
        "approval",
    },
    "Occurrence": {
        "id",
        "network",
        "kind",
        "account",
        "publisher",
        "subject",
        "text",
        "html",
        "automated",
        "attachments",
        "url",
        "threadUrl",
        "occurredAt",
        "receivedAt",
    },
    "Reply": {
        "id",
        "ticket",
        "author",
        "account",
        "visibility",
        "text",
        "originalText",
        "attachments",
        "sendAs",
        "automated",
        "state",
        "failure",
        "writtenAt",
        "sentAt",
        "externalUrl",
        "approval",
    },
    "HistoryEntry": {"id", "sequence", "at", "kind", "actorName", "comment", "occurrence"},
}


class OnlyForApprovers(Listed):
    sentence = "approver_only"
    introspective = True
    whole = WHOLE
    fields = FIELDS


class ForApprovers(SchemaExtension):
    """Reads what somebody who only approves asks for before it runs."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        actor = getattr(context, "actor", None)
        if actor is None:
            # Whoever signs in is known only then, and is answered in the same document.
            if isinstance(context, Context):
                context.lets_in = self._lets_in
        elif actor.only_approves:
            self.execution_context.validation_rules = (
                *self.execution_context.validation_rules,
                OnlyForApprovers,
            )
        yield

    def _lets_in(self, actor: Actor) -> bool:
        document = self.execution_context.graphql_document
        if not actor.only_approves or document is None:
            return True
        schema = self.execution_context.schema._schema
        return not validate(schema, document, [OnlyForApprovers])
