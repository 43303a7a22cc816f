"""Replies and notes: what we wrote on a ticket, and how far it has come."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.model import reply
from domain.wanted import Belonging
from domain.words import CloseReason, DeliveryState, TicketStatus, Visibility
from graph.attachment import Attachment
from graph.fields import computed, fetched, shown, thing, value
from graph.node import Node
from graph.page import Connection
from graph.planned import Hangs, Leads
from graph.workspace import Account, User
from resolvers import approvals, attachments, replies

if TYPE_CHECKING:
    from graph.approval import Approval
    from graph.ticket import Ticket

LazyApproval = Annotated["Approval", strawberry.lazy("graph.approval")]
LazyTicket = Annotated["Ticket", strawberry.lazy("graph.ticket")]


@thing(reply.Reply, description="What we wrote on a ticket.")
class Reply(Node):
    ticket = fetched(replies.ticket, LazyTicket, "The ticket.", plan=Leads("ticket_id"))
    author = fetched(
        replies.author,
        User | None,
        "Who wrote it; null where another system did.",
        plan=Leads("author_id"),
    )
    account = fetched(
        replies.account,
        Account | None,
        "The account it goes out from; null for a note.",
        plan=Leads("account_id"),
    )
    visibility: Visibility = shown("Who can read it.")
    text: str = shown("What was written; once a moderator edited it, what was sent.")
    original_text: str | None = shown("What its author wrote, where a moderator edited it.")
    attachments = fetched(
        attachments.of_reply,
        list[Attachment],
        "The files that go with it.",
        plan=Hangs(Belonging.FILES_OF_REPLY),
    )
    mentions = fetched(
        replies.mentions,
        list[User],
        "The colleagues that a note speaks to, by `@` and a name or the first part of an e-mail.",
    )
    send_as: TicketStatus | None = shown("The status it leaves the ticket in, where one was asked.")
    close_reason: CloseReason | None = shown("With CLOSED: why.")
    automated: bool = shown("Written by software; never counts as an answer.")
    state: DeliveryState = shown("How far it has come.")
    attempts: int = shown("How often it was tried to send it.")
    failure = computed(
        replies.failure,
        str | None,
        "Why it did not go out, or may not have, and what the network said.",
        reads=("failure", "failure_detail"),
    )
    approval = fetched(
        approvals.of_reply,
        LazyApproval | None,
        "The decision it waited for; null where none was.",
        plan=Hangs(Belonging.APPROVAL_OF_REPLY),
    )
    written_at: datetime = shown("When it was written.")
    sent_at: datetime | None = shown("When the network took it; a note is sent when written.")
    external_url: str | None = shown("Its address on the network.")


@value(description="Part of a list of replies and notes.")
class ReplyConnection(Connection[Reply]):
    pass
