"""What a person reads when something is refused, in English and in Brazilian Portuguese."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
    "not_found": {
        EN: "There is no such {thing}, or you may not see it.",
        PT: "Não existe esse(a) {thing}, ou você não pode vê-lo(a).",
    },
    "forbidden": {
        EN: "You may see this, but not change it.",
        PT: "Você pode ver isto, mas não alterar.",
    },
    "manager_only": {
        EN: "Only a manager of the level may do this.",
        PT: "Somente um gestor do nível pode fazer isto.",
    },
    "admin_only": {
        EN: "Only an administrator may do this.",
        PT: "Somente um administrador pode fazer isto.",
    },
    "not_a_member": {
        EN: "You are not a member of this level.",
        PT: "Você não é membro deste nível.",
    },
    "wrong_credentials": {
        EN: "The e-mail or the password is wrong.",
        PT: "E-mail ou senha incorretos.",
    },
    "no_session": {
        EN: "There is no session to refresh; sign in again.",
        PT: "Não há sessão para renovar; entre novamente.",
    },
    "not_a_user": {
        EN: "Nobody here signs in with a verified e-mail of that account. Ask an administrator.",
        PT: "Ninguém entra aqui com um e-mail verificado dessa conta. Fale com um administrador.",
    },
    "oidc_stale": {
        EN: "This sign-in was not begun in this browser, or is too long ago. Start again.",
        PT: "Esta entrada não começou neste navegador, ou faz tempo demais. Comece de novo.",
    },
    "oidc_failed": {
        EN: "The sign-in could not be confirmed. Start again.",
        PT: "Não foi possível confirmar a entrada. Comece de novo.",
    },
    "oidc_unavailable": {
        EN: "The company's sign-in does not answer as it should. Try again in a moment.",
        PT: "O serviço de acesso da empresa não responde como deveria. Tente de novo em instantes.",
    },
    "return_to_invalid": {
        EN: "return_to is a path of this site, such as /tickets.",
        PT: "return_to é um caminho deste site, como /tickets.",
    },
    "too_often": {
        EN: "Too many tries. Try again in {seconds} seconds.",
        PT: "Tentativas demais. Tente de novo em {seconds} segundos.",
    },
    "spent": {
        EN: "You have asked for too much in a minute. Try again in {seconds} seconds.",
        PT: "Você pediu demais em um minuto. Tente de novo em {seconds} segundos.",
    },
    "page_of_others": {
        EN: "This page may not ask here. Whoever runs the server can allow its origin.",
        PT: "Esta página não pode pedir nada aqui. Quem opera o servidor pode permitir sua origem.",
    },
    "documents_not_kept": {
        EN: "No documents are kept here. Send the document itself as `query`.",
        PT: "Nenhum documento é mantido aqui. Envie o próprio documento em `query`.",
    },
    "document_unknown": {
        EN: "No document has this id. Hand the client's file over to the server first.",
        PT: "Nenhum documento tem este id. Entregue antes ao servidor o arquivo do cliente.",
    },
    "document_differs": {
        EN: "`query` is not the document of this id. Send one of them alone.",
        PT: "`query` não é o documento deste id. Envie apenas um dos dois.",
    },
    "document_untrusted": {
        EN: "Only the documents of known clients are run here. Send the id of one as `documentId`.",
        PT: "Só documentos de clientes conhecidos rodam aqui. Envie o id de um em `documentId`.",
    },
    "over_length": {
        EN: "The document is too long: {most} characters are read. Hand values over as variables.",
        PT: "O documento é longo demais: pode ter {most} caracteres. Envie valores como variáveis.",
    },
    "over_tokens": {
        EN: "The document is too long: it may have {most} tokens. Ask for less at once.",
        PT: "O documento é longo demais: pode ter {most} tokens. Peça menos de uma vez.",
    },
    "over_depth": {
        EN: "The document is {count} fields deep, and {most} are allowed. Ask in two steps.",
        PT: "O documento tem {count} campos de profundidade, e o máximo é {most}. "
        "Peça em duas etapas.",
    },
    "over_nesting": {
        EN: "The document is nested too deeply; {most} braces within one another are allowed.",
        PT: "O documento está aninhado demais; o máximo é {most} chaves umas dentro das outras.",
    },
    "over_aliases": {
        EN: "The document has {count} aliases with those of its fragments; {most} are allowed.",
        PT: "O documento tem {count} aliases, contando os dos fragmentos; o máximo é {most}.",
    },
    "over_root_fields": {
        EN: "The document asks {count} things at its root, and {most} are allowed. Ask in parts.",
        PT: "O documento pede {count} coisas na raiz, e o máximo é {most}. Peça em partes.",
    },
    "over_directives": {
        EN: "The document has {count} directives, and {most} are allowed.",
        PT: "O documento tem {count} diretivas, e o máximo é {most}.",
    },
    "over_introspections": {
        EN: "The document introspects {count} times, and {most} are allowed.",
        PT: "O documento faz introspecção {count} vezes, e o máximo é {most}.",
    },
    "over_introspection_depth": {
        EN: "The introspection is {count} fields deep, and {most} are allowed.",
        PT: "A introspecção tem {count} campos de profundidade, e o máximo é {most}.",
    },
    "over_introspection_aliases": {
        EN: "Introspection may ask for nothing under another name.",
        PT: "A introspecção não pode usar aliases.",
    },
    "over_repeats": {
        EN: "The document asks for the same fields too many times. Ask for each once.",
        PT: "O documento pede os mesmos campos vezes demais. Peça cada um uma vez.",
    },
    "over_cost": {
        EN: "The document may bring {count} things, and {most} are given at once. "
        "Ask for smaller pages.",
        PT: "O documento pode trazer {count} itens, e o máximo é {most} de uma vez. "
        "Peça páginas menores.",
    },
    "over_values": {
        EN: "The variables hold more than {most} values. Send them in parts.",
        PT: "As variáveis têm mais de {most} valores. Envie-os em partes.",
    },
    "over_value_depth": {
        EN: "The variables are nested more than {most} deep.",
        PT: "As variáveis têm mais de {most} níveis de aninhamento.",
    },
    "people_only": {
        EN: "Only a signed-in person can do this, not an API key.",
        PT: "Somente uma pessoa autenticada pode fazer isto, não uma chave de API.",
    },
    "version_conflict": {
        EN: "Someone changed this before you. Look at what it is now and try again.",
        PT: "Alguém alterou antes de você. Veja como está agora e tente de novo.",
    },
    "key_reused": {
        EN: "This idempotency key was already used with a different input.",
        PT: "Esta chave de idempotência já foi usada com outra entrada.",
    },
    "key_too_long": {
        EN: "An idempotency key has 1 to {most} characters.",
        PT: "Uma chave de idempotência tem de 1 a {most} caracteres.",
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
    "reason_required": {
        EN: "Write the reason.",
        PT: "Escreva o motivo.",
    },
    "nothing_to_change": {
        EN: "Nothing to change was given.",
        PT: "Nada a alterar foi informado.",
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
    "count_range": {
        EN: "{name} is a number from 1 to {most}.",
        PT: "{name} é um número de 1 a {most}.",
    },
    "empty_text": {
        EN: "The text is empty.",
        PT: "O texto está vazio.",
    },
    "too_long": {
        EN: "At most {most} characters; this has {length}.",
        PT: "No máximo {most} caracteres; há {length}.",
    },
    "too_many": {
        EN: "At most {most} at once; there are {count}.",
        PT: "No máximo {most} por vez; há {count}.",
    },
    "none_given": {
        EN: "Give at least one.",
        PT: "Informe ao menos um.",
    },
    "in_the_future": {
        EN: "{name} is in the future.",
        PT: "{name} está no futuro.",
    },
    "too_far_ahead": {
        EN: "{name} is more than {years} years ahead.",
        PT: "{name} está mais de {years} anos à frente.",
    },
    "too_old": {
        EN: "{name} is before 1990.",
        PT: "{name} é anterior a 1990.",
    },
    "control_characters": {
        EN: "The text has characters that cannot be stored.",
        PT: "O texto tem caracteres que não podem ser gravados.",
    },
    "account_disabled": {
        EN: "The account {name} is switched off.",
        PT: "A conta {name} está desativada.",
    },
    "monitoring_without_account": {
        EN: "The monitoring {name} does not watch this account.",
        PT: "O monitoramento {name} não acompanha esta conta.",
    },
    "files_too_large": {
        EN: "The attachments are too large together: at most {most} MiB.",
        PT: "Os anexos são grandes demais juntos: no máximo {most} MiB.",
    },
    "own_message": {
        EN: "This is a message of our own that came back; it was not taken in.",
        PT: "Esta é uma mensagem nossa que voltou; não foi recebida.",
    },
    "mail_without_sender": {
        EN: "This is not an e-mail, or nobody can be seen to have sent it.",
        PT: "Isto não é um e-mail, ou não dá para ver quem o enviou.",
    },
    "mail_host": {
        EN: "{name} is the name or address of a server.",
        PT: "{name} é o nome ou endereço de um servidor.",
    },
    "mail_address": {
        EN: "{name} is an e-mail address.",
        PT: "{name} é um endereço de e-mail.",
    },
    "mail_line": {
        EN: "{name} is text on one line, at most {most} characters.",
        PT: "{name} é um texto de uma linha, com no máximo {most} caracteres.",
    },
    "mail_needs_tls": {
        EN: "Without encryption only this same machine is reached: choose tls or starttls.",
        PT: "Sem criptografia só esta mesma máquina é alcançada: escolha tls ou starttls.",
    },
    "mail_not_connected": {
        EN: "This account has no mail server; an administrator has to connect it.",
        PT: "Esta conta não tem servidor de e-mail; um administrador precisa conectá-la.",
    },
    "mail_sign_in": {
        EN: "The mail server did not accept the account's user and password.",
        PT: "O servidor de e-mail não aceitou o usuário e a senha da conta.",
    },
    "mail_server_away": {
        EN: "The mail server could not be reached.",
        PT: "O servidor de e-mail não pôde ser alcançado.",
    },
    "mail_server_busy": {
        EN: "The mail server asks to try again later.",
        PT: "O servidor de e-mail pede para tentar mais tarde.",
    },
    "mail_unanswered": {
        EN: "The mail server did not say whether it took the e-mail. It may have been sent.",
        PT: "O servidor de e-mail não disse se aceitou a mensagem. Ela pode ter sido enviada.",
    },
    "mail_address_refused": {
        EN: "The recipient's e-mail address is not valid.",
        PT: "O endereço de e-mail do destinatário não é válido.",
    },
    "mail_address_unknown": {
        EN: "The recipient's e-mail address does not exist.",
        PT: "O endereço de e-mail do destinatário não existe.",
    },
    "mail_box_full": {
        EN: "The recipient's mailbox is full.",
        PT: "A caixa de e-mail do destinatário está cheia.",
    },
    "mail_too_large": {
        EN: "The e-mail is too large for the recipient's server.",
        PT: "O e-mail é grande demais para o servidor do destinatário.",
    },
    "mail_taken_for_spam": {
        EN: "The recipient's server took the e-mail for spam, or does not trust this sender.",
        PT: "O servidor do destinatário tomou o e-mail por spam ou não confia neste remetente.",
    },
    "reply_came_back": {
        EN: "The network took it, could not deliver it, and gave it back.",
        PT: "A rede aceitou a mensagem, não conseguiu entregar e a devolveu.",
    },
    "mail_refused": {
        EN: "The recipient's server refused the e-mail.",
        PT: "O servidor do destinatário recusou o e-mail.",
    },
    "reply_not_connected": {
        EN: "Replies to this network cannot be sent from here; write an internal note.",
        PT: "Respostas a esta rede não podem ser enviadas por aqui; escreva uma nota interna.",
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
    "name_taken": {
        EN: "There is already one called {name}.",
        PT: "Já existe um(a) chamado(a) {name}.",
    },
    "name_required": {
        EN: "A name has 1 to {most} characters.",
        PT: "Um nome tem de 1 a {most} caracteres.",
    },
    "email_invalid": {
        EN: "This is not an e-mail address.",
        PT: "Isto não é um endereço de e-mail.",
    },
    "email_taken": {
        EN: "Somebody already signs in with this e-mail.",
        PT: "Alguém já entra com este e-mail.",
    },
    "password_length": {
        EN: "A password has {least} to {most} characters.",
        PT: "Uma senha tem de {least} a {most} caracteres.",
    },
    "password_required": {
        EN: "A new user needs a password.",
        PT: "Um usuário novo precisa de senha.",
    },
    "last_admin": {
        EN: "This is the last active administrator.",
        PT: "Este é o último administrador ativo.",
    },
    "fallback_disabled": {
        EN: "Posts that have no other level go to this one; it cannot be switched off.",
        PT: "As publicações sem outro nível vão para este; ele não pode ser desativado.",
    },
    "member_twice": {
        EN: "{name} is named twice.",
        PT: "{name} aparece duas vezes.",
    },
    "network_fixed": {
        EN: "The network of an account cannot change; register another account.",
        PT: "A rede de uma conta não muda; cadastre outra conta.",
    },
    "unknown_scope": {
        EN: "{name} is not a scope; there are {known}.",
        PT: "{name} não é um escopo; existem {known}.",
    },
    "unknown_grant": {
        EN: "{name} cannot be granted; there are {known}.",
        PT: "{name} não pode ser concedido; existem {known}.",
    },
    "tag_invalid": {
        EN: "A tag has 1 to {most} characters on one line.",
        PT: "Uma etiqueta tem de 1 a {most} caracteres em uma linha.",
    },
    "page_size": {
        EN: "{name} is a number from 1 to {most}.",
        PT: "{name} é um número de 1 a {most}.",
    },
    "page_both_ways": {
        EN: "Ask for the first or for the last ones, not for both.",
        PT: "Peça os primeiros ou os últimos, não ambos.",
    },
    "page_mixed": {
        EN: "{cursor} goes with {size}.",
        PT: "{cursor} acompanha {size}.",
    },
    "cursor_invalid": {
        EN: "This cursor is not one of this list.",
        PT: "Este cursor não é desta lista.",
    },
    "period_inverted": {
        EN: "The period ends before it begins.",
        PT: "O período termina antes de começar.",
    },
    "ticket_by_one": {
        EN: "Ask for a ticket by id or by protocol, by one of them.",
        PT: "Peça um ticket por id ou por protocolo, por um deles.",
    },
    "required": {
        EN: "{name} is missing.",
        PT: "Falta {name}.",
    },
    "url_invalid": {
        EN: "An address starts with http:// or https:// and has at most 2,000 characters.",
        PT: "Um endereço começa com http:// ou https:// e tem no máximo 2.000 caracteres.",
    },
    "not_json": {
        EN: "The body is not JSON.",
        PT: "O corpo não é JSON.",
    },
    "not_signed": {
        EN: "The signature is missing, wrong or too old.",
        PT: "A assinatura está ausente, errada ou vencida.",
    },
    "body_too_large": {
        EN: "At most {most} bytes at once.",
        PT: "No máximo {most} bytes por vez.",
    },
    "unknown_field": {
        EN: "There is no field {name} here.",
        PT: "Não existe aqui um campo {name}.",
    },
    "must_be_object": {
        EN: "{name} is an object with fields.",
        PT: "{name} é um objeto com campos.",
    },
    "must_be_list": {
        EN: "{name} is a list.",
        PT: "{name} é uma lista.",
    },
    "must_be_text": {
        EN: "{name} is a text.",
        PT: "{name} é um texto.",
    },
    "must_be_texts": {
        EN: "{name} is a list of at most {most} texts.",
        PT: "{name} é uma lista de no máximo {most} textos.",
    },
    "must_be_count": {
        EN: "{name} is a whole number from 0 to {most}.",
        PT: "{name} é um número inteiro de 0 a {most}.",
    },
    "must_be_boolean": {
        EN: "{name} is true or false.",
        PT: "{name} é true ou false.",
    },
    "must_be_one_of": {
        EN: "{name} is one of {known}.",
        PT: "{name} é um destes: {known}.",
    },
    "must_be_moment": {
        EN: "{name} is a date and time with its time zone, such as 2026-03-02T14:30:00-03:00.",
        PT: "{name} é data e hora com fuso, como 2026-03-02T14:30:00-03:00.",
    },
    "unauthenticated": {
        EN: "Sign in first.",
        PT: "Entre primeiro.",
    },
    "session_over": {
        EN: "The session is over; sign in again.",
        PT: "A sessão terminou; entre novamente.",
    },
    "may_not_call": {
        EN: "You may not do this.",
        PT: "Você não pode fazer isto.",
    },
    "unavailable": {
        EN: "The service is busy or its database is away. Try again in a moment.",
        PT: "O serviço está ocupado ou o banco de dados está fora. Tente de novo em instantes.",
    },
    "incident": {
        EN: "Something went wrong on our side. Incident {incident}.",
        PT: "Algo deu errado do nosso lado. Incidente {incident}.",
    },
    "time_zone_unknown": {
        EN: "There is no time zone {name}. Give one such as America/Sao_Paulo.",
        PT: "Não existe o fuso horário {name}. Informe um como America/Sao_Paulo.",
    },
    "interval_weekday": {
        EN: "A weekday is a number from 1, Monday, to 7, Sunday.",
        PT: "O dia da semana é um número de 1, segunda-feira, a 7, domingo.",
    },
    "interval_inverted": {
        EN: "Closing comes after opening; 00:00 as closing is the end of the day.",
        PT: "O fechamento vem depois da abertura; 00:00 no fechamento é o fim do dia.",
    },
    "intervals_overlap": {
        EN: "This interval overlaps another of the same weekday.",
        PT: "Este intervalo se sobrepõe a outro do mesmo dia da semana.",
    },
    "no_interval": {
        EN: "Give at least one interval in which the week is open.",
        PT: "Informe ao menos um intervalo em que a semana está aberta.",
    },
    "exception_times": {
        EN: "Give both opening and closing, or neither for a day that is closed.",
        PT: "Informe abertura e fechamento, ou nenhum dos dois para um dia fechado.",
    },
    "exceptions_overlap": {
        EN: "This exception contradicts another of the same date.",
        PT: "Esta exceção contradiz outra da mesma data.",
    },
    "time_not_whole": {
        EN: "A time of day has whole seconds and no time zone.",
        PT: "O horário tem segundos inteiros e nenhum fuso.",
    },
    "holiday_state_unknown": {
        EN: "There is no state {name}. Give its two letters, such as SP.",
        PT: "Não existe o estado {name}. Informe a sigla, como SP.",
    },
    "target_range": {
        EN: "A target is 1 to {most} seconds.",
        PT: "Um prazo tem de 1 a {most} segundos.",
    },
    "legal_in_days": {
        EN: "The legal deadline is counted in calendar days: give a multiple of 86400 seconds.",
        PT: "O prazo legal conta dias corridos: informe um múltiplo de 86400 segundos.",
    },
    "target_twice": {
        EN: "{metric} of {priority} is given twice.",
        PT: "{metric} de {priority} foi informado duas vezes.",
    },
    "warn_range": {
        EN: "A warning is at 1 to 100 percent of the time.",
        PT: "Um aviso fica entre 1 e 100 por cento do tempo.",
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
    "file_too_large": {
        EN: "{name} is too large: at most {most} MiB.",
        PT: "{name} é grande demais: no máximo {most} MiB.",
    },
    "type_not_on_network": {
        EN: "{network} does not take files of type {type}: {name}.",
        PT: "{network} não aceita arquivos do tipo {type}: {name}.",
    },
    "no_connection": {
        EN: "Nothing is sent on this network, so there is no connection to save.",
        PT: "Nada é enviado nesta rede, então não há conexão a salvar.",
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
    "empty_file": {
        EN: "The file is empty.",
        PT: "O arquivo está vazio.",
    },
    "type_not_allowed": {
        EN: "Files of this kind are not taken. What counts is what is in it, not its name.",
        PT: "Arquivos desse tipo não são aceitos. Vale o conteúdo, não o nome.",
    },
    "warn_unsorted": {
        EN: "Warnings go up: each percentage is more than the one before.",
        PT: "Os avisos são crescentes: cada percentual é maior que o anterior.",
    },
    "calendar_used": {
        EN: "Levels are open by this calendar: {levels}. Give them another one first.",
        PT: "Há níveis que usam este calendário: {levels}. Dê outro a eles primeiro.",
    },
    "calendar_of_others": {
        EN: "Levels that you are not a member of are open by this calendar; make one of your own.",
        PT: "Níveis dos quais você não é membro usam este calendário; crie um próprio.",
    },
    "calendar_twice": {
        EN: "Choose a calendar by its id, or give one to be saved; not both.",
        PT: "Escolha um calendário pelo id ou informe um para salvar; não os dois.",
    },
    "levels_of_display": {
        EN: "Only a display's key is made for chosen levels; other keys read every level.",
        PT: "Só a chave de um painel é feita para níveis escolhidos; as outras leem todos.",
    },
    "display_alone": {
        EN: "A display's key has the scope display and no other.",
        PT: "A chave de um painel tem o escopo display e nenhum outro.",
    },
    "approver_only": {
        EN: "Your account is for deciding on replies; {field} is not for it.",
        PT: "Sua conta serve para decidir sobre respostas; {field} não é para ela.",
    },
    "display_only": {
        EN: "A display shows figures and deadlines; {field} is not for it.",
        PT: "Um painel mostra números e prazos; {field} não é para ele.",
    },
    "reply_not_stopped": {
        EN: "Only a reply that failed, or that may have been sent, is decided on; this one is "
        "{state}.",
        PT: "Só se decide sobre uma resposta que falhou ou talvez tenha sido enviada; esta está "
        "{state}.",
    },
    "reply_not_in_doubt": {
        EN: "Only a reply that may have been sent is given up; this one is {state}.",
        PT: "Só se desiste de uma resposta que talvez tenha sido enviada; esta está {state}.",
    },
    "reply_no_recipient": {
        EN: "The publisher is not known on the network of this account.",
        PT: "O publicador não é conhecido na rede desta conta.",
    },
    "connection_unreadable": {
        EN: "The account's connection cannot be read; an administrator has to save it again.",
        PT: "A conexão da conta não pode ser lida; um administrador precisa salvá-la de novo.",
    },
    "delivery_given_up": {
        EN: "It could not be handed to the network, although it was tried again and again.",
        PT: "Não foi possível entregá-la à rede, apesar de várias tentativas.",
    },
    "delivery_given_up_by_hand": {
        EN: "Nobody could tell whether it arrived; it counts as not sent.",
        PT: "Ninguém soube dizer se chegou; conta como não enviada.",
    },
    "delivery_not_heard_of": {
        EN: "It was being sent, and nobody knows how that ended. Look whether it arrived.",
        PT: "Estava sendo enviada e não se sabe como terminou. Verifique se chegou.",
    },
    "delivery_not_begun": {
        EN: "It could not be made ready for sending; it is tried again.",
        PT: "Não foi possível prepará-la para envio; será tentado de novo.",
    },
    "network_no_answer": {
        EN: "The network did not say whether it took it. Look whether it arrived.",
        PT: "A rede não informou se recebeu. Verifique se chegou.",
    },
    "network_unreachable": {
        EN: "The network cannot be reached; it is tried again.",
        PT: "A rede está inacessível; será tentado de novo.",
    },
    "network_busy": {
        EN: "The network asks to wait; it is tried again.",
        PT: "A rede pediu para esperar; será tentado de novo.",
    },
    "network_declined": {
        EN: "The network does not take it.",
        PT: "A rede não aceita.",
    },
    "sandbox_off": {
        EN: "There is no sandbox in this installation.",
        PT: "Não há sandbox nesta instalação.",
    },
    "attachment_gone": {
        EN: "A file that was to go with it is no longer there.",
        PT: "Um arquivo que iria com ela não existe mais.",
    },
    "cpf_invalid": {
        EN: "This is not a CPF: eleven digits, the last two of which check.",
        PT: "Isto não é um CPF: onze dígitos, os dois últimos verificadores.",
    },
    "phone_invalid": {
        EN: "This is not a telephone number; give it with area code, or as +55 11 98765-4321.",
        PT: "Isto não é um telefone; informe com DDD ou como +55 11 98765-4321.",
    },
    "number_invalid": {
        EN: "This is not a number of at most 20 digits, and 6 after the comma.",
        PT: "Isto não é um número de até 20 dígitos, e 6 depois da vírgula.",
    },
    "date_invalid": {
        EN: "This is not a date, such as 2026-03-02.",
        PT: "Isto não é uma data, como 2026-03-02.",
    },
    "pattern_unmatched": {
        EN: "The value does not have the form that this field asks for.",
        PT: "O valor não tem o formato que este campo exige.",
    },
    "pattern_invalid": {
        EN: "This pattern cannot be used: RE2 does not understand it, or it is too large.",
        PT: "Este padrão não pode ser usado: o RE2 não o entende, ou ele é grande demais.",
    },
    "pattern_for_text": {
        EN: "Only a field of kind TEXT has a pattern.",
        PT: "Somente um campo do tipo TEXT tem padrão.",
    },
    "field_key_invalid": {
        EN: "A key has 1 to 40 letters and digits, begins with a small letter, and is not one that "
        "every publisher has: name, cpf, email, phone, tags.",
        PT: "Uma chave tem de 1 a 40 letras e dígitos, começa com minúscula e não é uma das que "
        "todo publicador tem: name, cpf, email, phone, tags.",
    },
    "field_fixed": {
        EN: "Key and kind of a field do not change; make another field.",
        PT: "A chave e o tipo de um campo não mudam; crie outro campo.",
    },
    "field_unknown": {
        EN: "Publishers have no field with this key.",
        PT: "Os publicadores não têm um campo com esta chave.",
    },
    "field_twice": {
        EN: "This field is given twice.",
        PT: "Este campo foi informado duas vezes.",
    },
    "merge_publisher_itself": {
        EN: "A publisher cannot be merged into themselves.",
        PT: "Um publicador não pode ser unificado a si mesmo.",
    },
    "publisher_merged": {
        EN: "This publisher was merged into {name} already.",
        PT: "Este publicador já foi unificado a {name}.",
    },
}
