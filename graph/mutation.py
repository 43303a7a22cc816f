"""What can be done: one line for each thing, naming who answers."""

from collections.abc import Callable
from typing import Any

import strawberry

from domain.rules.access import Permission
from graph import payloads as answers
from graph.errors import user_errors
from graph.fields import Doorman, Payload, policy_of
from graph.policy import KEY, Needs
from resolvers import (
    accounts,
    approvals,
    attachments,
    attending,
    calling,
    composing,
    handling,
    histories,
    intake,
    levelling,
    organizing,
    partners,
    publishers,
    recomputing,
    replies,
    scheduling,
    viewer,
)

READ, HANDLE, MANAGE = Permission.TICKETS_READ, Permission.TICKETS_HANDLE, Permission.TICKETS_MANAGE
TELL = Needs(HANDLE, (Permission.PROTOCOLS_READ,))
RECEIVE = Permission.OCCURRENCES_RECEIVE
LEVELS, WORKSPACE = Permission.LEVELS_SAVE, Permission.WORKSPACE_SAVE
LOOK = Permission.WORKSPACE_READ


def do(
    resolver: Callable[..., Any],
    payload: type[Any],
    needs: Permission | Needs | None,
    description: str,
) -> Any:
    policy = policy_of(needs)
    field = strawberry.mutation(
        resolver,
        graphql_type=payload,
        description=description,
        metadata={KEY: policy},
        extensions=[Doorman(policy), Payload(payload, user_errors)],
    )
    for argument in field.arguments:
        argument.description = "Everything it takes, in one object."
    return field


@strawberry.type(description="What can be done. Refusals are in userErrors, and change nothing.")
class Mutation:
    sign_in = do(viewer.sign_in, answers.SignInPayload, None, "Sign in with e-mail and password.")
    sign_out = do(
        viewer.sign_out,
        answers.SignOutPayload,
        None,
        "End the session everywhere, open sockets too. Twice is fine.",
    )
    refresh_session = do(
        viewer.refresh_session,
        answers.SignInPayload,
        None,
        "A new access token for the session in the cookie, which gets a new secret.",
    )

    receive_occurrence = do(
        intake.receive_occurrence,
        answers.ReceiveOccurrencePayload,
        RECEIVE,
        "Hand in a message. It finds or opens its ticket; the same again changes nothing.",
    )
    receive_occurrences = do(
        intake.receive_occurrences,
        answers.ReceiveOccurrencesPayload,
        RECEIVE,
        "Hand in up to 500 messages, with a result for each.",
    )

    open_ticket = do(handling.open_ticket, answers.TicketPayload, HANDLE, "Open one by hand.")
    get_tickets = do(
        handling.get_tickets,
        answers.GetTicketsPayload,
        HANDLE,
        "Take the next tickets of the queue; nobody else gets the same.",
    )
    start_ticket = do(
        handling.start_ticket, answers.TicketPayload, HANDLE, "Begin with a ticket; it is OPEN."
    )
    update_ticket = do(
        handling.update_ticket,
        answers.TicketPayload,
        HANDLE,
        "Change status, priority, type, assignee, level, tags or subject, all at once.",
    )
    escalate_ticket = do(
        handling.escalate_ticket, answers.TicketPayload, HANDLE, "Ask another level to take it."
    )
    finish_ticket = do(
        handling.finish_ticket, answers.TicketPayload, HANDLE, "Close it without a reply."
    )
    acknowledge_occurrence = do(
        handling.acknowledge_occurrence,
        answers.TicketPayload,
        HANDLE,
        "The message that reopened it was a thank-you: resolved again, and never reopened.",
    )
    merge_tickets = do(
        handling.merge_tickets,
        answers.TicketPayload,
        HANDLE,
        "Close one in favour of another, which takes over its messages; answers the other.",
    )
    remove_ticket = do(
        handling.remove_ticket,
        answers.RemoveTicketPayload,
        MANAGE,
        "Take a ticket out of every list. Only a manager of its level.",
    )
    reply = do(
        replies.reply,
        answers.ReplyPayload,
        HANDLE,
        "Answer the publisher, or leave a note. Where the level is moderated, an answer is held "
        "until somebody else approves it.",
    )
    decide_approval = do(
        approvals.decide,
        answers.ApprovalPayload,
        Needs(Permission.REPLIES_MODERATE, (HANDLE,)),
        "Decide on a reply that waits, once and for all. Nobody decides on their own; its author "
        "may withdraw it.",
    )
    retry_reply = do(
        replies.retry_reply,
        answers.ReplyPayload,
        HANDLE,
        "Decide on a reply that failed, or of which nobody knows whether it arrived: it is sent "
        "again, or was there all along, or is given up.",
    )

    request_history = do(
        histories.request,
        answers.RequestHistoryPayload,
        TELL,
        "Send the consumer the history of their case, as a PDF: what was said and when, nothing "
        "of what goes on inside. Partners may, for the protocols that their key is told of.",
    )

    touch_presence = do(
        attending.touch_presence,
        answers.PresencePayload,
        READ,
        "Say that one is at a ticket, again and again; people only. Answers who is there.",
    )
    save_canned_reply = do(
        composing.save_canned_reply,
        answers.CannedReplyPayload,
        HANDLE,
        "Keep a text to answer with, or change it. For a level its attendants may; for everybody "
        "those who set levels up.",
    )
    delete_canned_reply = do(
        composing.delete_canned_reply,
        answers.DeletePayload,
        HANDLE,
        "Drop a canned reply. What was answered with it stays.",
    )
    shorten_links = do(
        composing.shorten_links,
        answers.ShortenLinksPayload,
        HANDLE,
        "Put a short link of ours for each link of a text. They lead to the open web only.",
    )
    upload_attachment = do(
        attachments.upload_attachment,
        answers.AttachmentPayload,
        HANDLE,
        "Upload a file for a reply to a ticket. Sent as multipart/form-data.",
    )

    update_publisher = do(
        publishers.update_publisher,
        answers.PublisherPayload,
        HANDLE,
        "Put right what is known of a publisher. Whoever handles a ticket of theirs may.",
    )
    merge_publishers = do(
        publishers.merge_publishers,
        answers.PublisherPayload,
        HANDLE,
        "Make two publishers one, with all their tickets, messages, profiles and fields. Whoever "
        "handles tickets of both may.",
    )
    reveal_field = do(
        publishers.reveal_field,
        answers.RevealFieldPayload,
        Permission.PUBLISHERS_REVEAL,
        "Look at a masked field, for a reason that is kept.",
    )
    save_publisher_field_definition = do(
        publishers.save_definition,
        answers.FieldDefinitionPayload,
        WORKSPACE,
        "Make or change a field that is kept of every publisher.",
    )

    save_level = do(
        levelling.save_level,
        answers.LevelPayload,
        LEVELS,
        "Make or change a level: all of it at once, or nothing.",
    )
    save_calendar = do(
        scheduling.save_calendar, answers.CalendarPayload, LEVELS, "Make or change opening hours."
    )
    delete_calendar = do(
        scheduling.delete_calendar,
        answers.DeletePayload,
        LEVELS,
        "Drop a calendar that no level is open by.",
    )
    recompute_sla = do(
        recomputing.recompute_sla,
        answers.RecomputeSlaPayload,
        LEVELS,
        "Move a level's open tickets to its targets and hours of today, or tell how many would "
        "move. What was late stays on record. Cut short, it may simply be asked again.",
    )
    record_call = do(
        calling.record_call,
        answers.RecordCallPayload,
        HANDLE,
        "Record a telephone call about a ticket, with what the ticket becomes by it.",
    )
    save_account = do(
        organizing.save_account, answers.AccountPayload, WORKSPACE, "Make or change an account."
    )
    test_account = do(
        accounts.test_account,
        answers.TestAccountPayload,
        WORKSPACE,
        "Try the line to an account's network, without writing to anybody. How it was found stands "
        "in its health.",
    )
    save_monitoring = do(
        organizing.save_monitoring,
        answers.MonitoringPayload,
        WORKSPACE,
        "Make or change a monitoring.",
    )
    save_ticket_type = do(
        organizing.save_ticket_type,
        answers.TicketTypePayload,
        WORKSPACE,
        "Make or change a ticket type.",
    )
    save_user = do(organizing.save_user, answers.UserPayload, WORKSPACE, "Make or change a user.")
    set_availability = do(
        organizing.set_availability, answers.UserPayload, LOOK, "Come on or go off shift."
    )
    create_api_key = do(
        organizing.create_api_key, answers.CreateApiKeyPayload, WORKSPACE, "Make an API key."
    )
    revoke_api_key = do(
        organizing.revoke_api_key, answers.DeletePayload, WORKSPACE, "End an API key, at once."
    )
    save_webhook_endpoint = do(
        partners.save,
        answers.WebhookEndpointPayload,
        WORKSPACE,
        "Make or change where a partner is told what happens to cases.",
    )
    rotate_webhook_secret = do(
        partners.rotate,
        answers.WebhookEndpointPayload,
        WORKSPACE,
        "Another secret for an endpoint; for a day it is signed with both.",
    )
    delete_webhook_endpoint = do(
        partners.delete,
        answers.DeletePayload,
        WORKSPACE,
        "Drop an endpoint, with all that was or is to be told to it.",
    )
    test_webhook_endpoint = do(
        partners.test,
        answers.WebhookDeliveryPayload,
        WORKSPACE,
        "Send an event that tells of nothing, to see whether it arrives.",
    )
    replay_webhook_deliveries = do(
        partners.replay,
        answers.ReplayWebhookDeliveriesPayload,
        WORKSPACE,
        "Tell again what was given up, one or all of an endpoint, under the same keys.",
    )
