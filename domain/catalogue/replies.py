"""Replies: what may be sent, whose word it waits for, and what goes with it."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
    "history_one_of": {
        EN: "Name the ticket either by its id or by its protocol.",
        PT: "Indique o ticket pelo id ou pelo protocolo, apenas um dos dois.",
    },
    "protocol_unknown": {
        EN: "There is no ticket with this protocol, or you may not see it.",
        PT: "Não há ticket com este protocolo, ou você não pode vê-lo.",
    },
    "history_no_mailbox": {
        EN: "Level {level} answers from no e-mail account. Ask for the history by CHANNEL.",
        PT: "O nível {level} não responde por nenhuma conta de e-mail. Peça o histórico por "
        "CHANNEL.",
    },
    "history_no_email": {
        EN: "No e-mail address of the publisher is known. Save one, or ask for the history by "
        "CHANNEL.",
        PT: "Nenhum e-mail do publicador é conhecido. Cadastre um ou peça o histórico por CHANNEL.",
    },
    "reply_waits": {
        EN: "A reply waits for approval. It has to be decided on or withdrawn first.",
        PT: "Há uma resposta aguardando aprovação. Antes, ela precisa ser decidida ou retirada.",
    },
    "already_decided": {
        EN: "This has been decided already.",
        PT: "Isto já foi decidido.",
    },
    "approval_stale": {
        EN: "The publisher wrote after this was submitted. Read it, then confirm with "
        "acknowledgeStale.",
        PT: "O publicador escreveu depois do envio. Leia e confirme com acknowledgeStale.",
    },
    "own_reply": {
        EN: "Nobody decides on a reply of their own; withdraw it, or leave it to another.",
        PT: "Ninguém decide sobre a própria resposta; retire-a ou deixe para outra pessoa.",
    },
    "author_only": {
        EN: "Only its author can withdraw a reply.",
        PT: "Somente quem escreveu a resposta pode retirá-la.",
    },
    "moderator_only": {
        EN: "Only a moderator of the level may do this.",
        PT: "Somente um moderador do nível pode fazer isto.",
    },
    "text_is_for_editing": {
        EN: "Another text goes with the decision EDIT_AND_SEND only.",
        PT: "Outro texto só acompanha a decisão EDIT_AND_SEND.",
    },
    "reply_rejected": {
        EN: "A moderator gave it back: it was not sent.",
        PT: "Um moderador devolveu a resposta: ela não foi enviada.",
    },
    "reply_withdrawn": {
        EN: "Its author withdrew it before it was decided on.",
        PT: "Quem escreveu a resposta a retirou antes da decisão.",
    },
    "reply_superseded": {
        EN: "Its ticket was merged or removed before it was decided on.",
        PT: "O ticket foi unificado ou removido antes da decisão.",
    },
    "stale_reply": {
        EN: "Something came in while you were writing. Read it, then send again or say force.",
        PT: "Chegou algo enquanto você escrevia. Leia e envie de novo, ou use force.",
    },
    "based_on_invalid": {
        EN: "basedOn is no cursor of this feed, or one too old. Read the ticket again.",
        PT: "basedOn não é um cursor deste feed, ou é antigo demais. Leia o ticket de novo.",
    },
    "sent_as": {
        EN: "A reply leaves a ticket OPEN, PENDING, RESOLVED or CLOSED, not {status}.",
        PT: "Uma resposta deixa o ticket em OPEN, PENDING, RESOLVED ou CLOSED, não em {status}.",
    },
    "account_not_in_level": {
        EN: "The level {level} does not answer from the account {name}. Choose one of its own.",
        PT: "O nível {level} não responde pela conta {name}. Escolha uma das contas dele.",
    },
    "nothing_to_answer": {
        EN: "The publisher has written nothing here, and the level {level} has no e-mail account.",
        PT: "O publicador não escreveu nada aqui, e o nível {level} não tem conta de e-mail.",
    },
    "publisher_not_there": {
        EN: "The publisher cannot be reached from {name}: nothing came from them on {network}.",
        PT: "O publicador não pode ser alcançado por {name}: nada veio dele em {network}.",
    },
    "visibility_not_on_network": {
        EN: "{network} carries no {visibility} replies.",
        PT: "{network} não permite respostas {visibility}.",
    },
    "too_long_for_network": {
        EN: "{network} takes at most {most} characters; this has {length}.",
        PT: "{network} aceita no máximo {most} caracteres; este texto tem {length}.",
    },
    "no_files_on_network": {
        EN: "{network} takes no attachments from us.",
        PT: "{network} não aceita anexos nossos.",
    },
    "files_too_large": {
        EN: "The attachments are too large together: at most {most} MiB.",
        PT: "Os anexos são grandes demais juntos: no máximo {most} MiB.",
    },
    "file_too_large": {
        EN: "{name} is too large: at most {most} MiB.",
        PT: "{name} é grande demais: no máximo {most} MiB.",
    },
    "type_not_on_network": {
        EN: "{network} does not take files of type {type}: {name}.",
        PT: "{network} não aceita arquivos do tipo {type}: {name}.",
    },
    "empty_file": {
        EN: "The file is empty.",
        PT: "O arquivo está vazio.",
    },
    "type_not_allowed": {
        EN: "Files of this kind are not taken. What counts is what is in it, not its name.",
        PT: "Arquivos desse tipo não são aceitos. Vale o conteúdo, não o nome.",
    },
    "reply_not_connected": {
        EN: "Replies to this network cannot be sent from here; write an internal note.",
        PT: "Respostas a esta rede não podem ser enviadas por aqui; escreva uma nota interna.",
    },
    "variable_unknown": {
        EN: "{{{{{name}}}}} at character {position} is no variable. There are: {known}.",
        PT: "{{{{{name}}}}} no caractere {position} não é uma variável. Existem: {known}.",
    },
    "canned_one_reach": {
        EN: "A canned reply is one's own or a level's, not both.",
        PT: "Uma resposta pronta é pessoal ou de um nível, não os dois.",
    },
    "canned_reach_fixed": {
        EN: "Whose a canned reply is cannot be changed. Make another one.",
        PT: "De quem é uma resposta pronta não muda. Crie outra.",
    },
    "canned_for_all": {
        EN: "Only administrators and supervisors keep canned replies for everybody. Name a level, "
        "or make it personal.",
        PT: "Só administradores e supervisores criam respostas prontas para todos. Informe um "
        "nível ou marque como pessoal.",
    },
    "link_not_allowed": {
        EN: "This link cannot be made short, for it does not lead to the open web: {url}.",
        PT: "Este link não pode ser encurtado, pois não leva à internet aberta: {url}.",
    },
    "link_too_long": {
        EN: "A link has at most {most} characters; one has {length}.",
        PT: "Um link tem no máximo {most} caracteres; um tem {length}.",
    },
    "no_short_address": {
        EN: "Links cannot be made short here: the installation has not been told its address "
        "(PUBLIC_URL).",
        PT: "Aqui não é possível encurtar links: a instalação não sabe seu endereço (PUBLIC_URL).",
    },
}
