"""Tickets: what may become of them, and what comes in."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
    "call_length": {
        EN: "A call has 0 to {most} seconds.",
        PT: "Uma ligação tem de 0 a {most} segundos.",
    },
    "call_not_spoken": {
        EN: "A call that ended with {outcome} was not spoken in; its length is 0.",
        PT: "Numa ligação com desfecho {outcome} ninguém falou; a duração dela é 0.",
    },
    "ticket_closed": {
        EN: "The ticket is closed. The next contact opens a new one.",
        PT: "O ticket está finalizado. O próximo contato abre um novo.",
    },
    "ticket_removed": {
        EN: "The ticket of this conversation was removed; what is new in it was left out.",
        PT: "O ticket desta conversa foi removido; o que há de novo nela ficou de fora.",
    },
    "status_not_allowed": {
        EN: "A ticket that is {current} cannot become {target} this way.",
        PT: "Um ticket em {current} não pode passar para {target} deste modo.",
    },
    "opening_status": {
        EN: "A ticket cannot be opened as {status}.",
        PT: "Um ticket não pode ser aberto como {status}.",
    },
    "not_reopened": {
        EN: "This message did not just reopen the ticket, so there is nothing to undo.",
        PT: "Esta mensagem não acabou de reabrir o ticket; não há o que desfazer.",
    },
    "close_reason_required": {
        EN: "Say why the ticket is closed (closeReason).",
        PT: "Informe o motivo do encerramento (closeReason).",
    },
    "close_reason_alone": {
        EN: "A close reason goes with the status CLOSED only.",
        PT: "O motivo de encerramento só acompanha o status CLOSED.",
    },
    "merged_is_for_merging": {
        EN: "MERGED is the reason that merging gives; choose another.",
        PT: "MERGED é o motivo dado pela unificação; escolha outro.",
    },
    "comment_required": {
        EN: "Write a comment that says why.",
        PT: "Escreva um comentário que diga o porquê.",
    },
    "pending_until_alone": {
        EN: "pendingUntil goes with the status PENDING only.",
        PT: "pendingUntil só acompanha o status PENDING.",
    },
    "pending_until_past": {
        EN: "pendingUntil is in the past.",
        PT: "pendingUntil está no passado.",
    },
    "assignee_and_unassign": {
        EN: "Give either assigneeId or unassign, not both.",
        PT: "Informe assigneeId ou unassign, não os dois.",
    },
    "assignee_not_member": {
        EN: "{name} is not an active member of this level.",
        PT: "{name} não é membro ativo deste nível.",
    },
    "same_level": {
        EN: "The ticket is already in this level.",
        PT: "O ticket já está neste nível.",
    },
    "level_disabled": {
        EN: "The level {name} takes no tickets.",
        PT: "O nível {name} não está recebendo tickets.",
    },
    "capacity_full": {
        EN: "You hold {held} tickets, as many as your capacity of {capacity}. Finish one first.",
        PT: "Você tem {held} tickets, o limite da sua capacidade de {capacity}. Conclua um antes.",
    },
    "merge_itself": {
        EN: "A ticket cannot be merged into itself.",
        PT: "Um ticket não pode ser unificado a si mesmo.",
    },
    "merge_publishers_differ": {
        EN: "The tickets have different publishers. Confirm with acrossPublishers if it is meant.",
        PT: "Os tickets são de publicadores diferentes. Confirme com acrossPublishers se for isso.",
    },
    "merge_target_closed": {
        EN: "The ticket to merge into is closed.",
        PT: "O ticket de destino está finalizado.",
    },
    "account_disabled": {
        EN: "The account {name} is switched off.",
        PT: "A conta {name} está desativada.",
    },
    "monitoring_without_account": {
        EN: "The monitoring {name} does not watch this account.",
        PT: "O monitoramento {name} não acompanha esta conta.",
    },
}
