"""What networks tell that is no message, and what becomes of the files that lie there."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
    "ignored_not_for_us": {
        EN: "It is of another account of this network.",
        PT: "É de outra conta desta rede.",
    },
    "ignored_own": {
        EN: "The company itself did this on the network.",
        PT: "Foi a própria empresa que fez isso na rede.",
    },
    "ignored_reaction": {
        EN: "A reaction without words.",
        PT: "Uma reação sem palavras.",
    },
    "ignored_receipt": {
        EN: "It says that a message of ours arrived or was read.",
        PT: "Informa que uma mensagem nossa chegou ou foi lida.",
    },
    "ignored_no_message": {
        EN: "It tells of the account or of the network, and nobody wrote anything.",
        PT: "É sobre a conta ou a rede, e ninguém escreveu nada.",
    },
    "ignored_encrypted": {
        EN: "It is encrypted, and only the network's own app can read it.",
        PT: "Está criptografado, e só o aplicativo da rede consegue ler.",
    },
    "ignored_unknown": {
        EN: "A kind that is not read here.",
        PT: "Um tipo que não é lido aqui.",
    },
    "ignored_elsewhere": {
        EN: "Another app has this conversation on the network, and answers it there.",
        PT: "Outro aplicativo está com esta conversa na rede e responde por lá.",
    },
    "ignored_no_webhook": {
        EN: "It is not a webhook of this network: there are no entries in it.",
        PT: "Não é um webhook desta rede: não há entradas nele.",
    },
    "media_elsewhere": {
        EN: "It does not lie where it may be fetched from.",
        PT: "Não está em um lugar de onde se possa buscá-lo.",
    },
    "media_gone": {
        EN: "The network does not have it any more, or does not give it to us.",
        PT: "A rede não o tem mais, ou não o entrega a nós.",
    },
    "media_too_large": {
        EN: "It is larger than 10 MiB.",
        PT: "Tem mais de 10 MiB.",
    },
    "media_given_up": {
        EN: "It could not be fetched, although it was tried again and again.",
        PT: "Não foi possível buscá-lo, apesar de várias tentativas.",
    },
    "window_over": {
        EN: "{network} lets a company write in private only within {hours} hours of what the "
        "customer wrote last.",
        PT: "{network} só permite escrever em particular até {hours} horas depois da última "
        "mensagem do cliente.",
    },
    "window_closed": {
        EN: "When its turn came, the customer had last written too long ago for the network to "
        "take it.",
        PT: "Quando chegou a vez dela, fazia tempo demais que o cliente escreveu para que a rede "
        "a aceitasse.",
    },
    "public_not_here": {
        EN: "What it answers has no public answer on this network.",
        PT: "O que ela responde não tem resposta pública nesta rede.",
    },
    "visibility_not_here": {
        EN: "{network} has no public answer to a private message; answer it in private.",
        PT: "{network} não tem resposta pública a uma mensagem particular; responda em particular.",
    },
    "token_refused": {
        EN: "The network does not accept the account's access token; an administrator has to save "
        "a new one.",
        PT: "A rede não aceita o token de acesso da conta; um administrador precisa salvar um "
        "novo.",
    },
    "webhook_secret": {
        EN: "The secret that replies are signed with has {least} to {most} plain characters.",
        PT: "O segredo que assina as respostas tem de {least} a {most} caracteres simples.",
    },
    "account_unconnected": {
        EN: "Nothing can be sent: it is not known yet how to reach the network.",
        PT: "Nada pode ser enviado: ainda não se sabe como alcançar a rede.",
    },
    "account_silent": {
        EN: "The network has told nothing for {days} days. Look whether its webhook still leads "
        "here.",
        PT: "A rede não informa nada há {days} dias. Verifique se o webhook dela ainda aponta para "
        "cá.",
    },
    "network_no_answer_in_time": {
        EN: "The network did not answer in time.",
        PT: "A rede não respondeu a tempo.",
    },
    "token_missing": {
        EN: "The account is not connected yet; an administrator has to save its access token.",
        PT: "A conta ainda não está conectada; um administrador precisa salvar o token de acesso.",
    },
    "token_shape": {
        EN: "This is not an access token as the network gives them ({example}).",
        PT: "Isto não é um token de acesso como os da rede ({example}).",
    },
    "id_shape": {
        EN: "This is not an id as the network gives them, in digits alone ({example}).",
        PT: "Isto não é um identificador como os da rede, só com dígitos ({example}).",
    },
    "id_unknown": {
        EN: "The network knows no account of that id, or does not show it to this access token.",
        PT: "A rede não conhece uma conta com esse identificador, ou não a mostra a este token.",
    },
    "verify_token_shape": {
        EN: "Choose a verify token of 8 to 200 letters, digits and signs, without spaces.",
        PT: "Escolha um token de verificação de 8 a 200 letras, dígitos e sinais, sem espaços.",
    },
    "permission_missing": {
        EN: "The access token does not have the permission for this; an administrator has to save "
        "one that has it.",
        PT: "O token de acesso não tem permissão para isso; um administrador precisa salvar um "
        "que tenha.",
    },
    "network_restricted": {
        EN: "The network has restricted what the company may do there; its reason stands there.",
        PT: "A rede restringiu o que a empresa pode fazer; o motivo está lá.",
    },
    "customer_unreachable": {
        EN: "The network does not deliver to this customer: they may have blocked the company, or "
        "left.",
        PT: "A rede não entrega a este cliente: ele pode ter bloqueado a empresa ou saído.",
    },
    "answered_gone": {
        EN: "What it answers is no longer there, or is not shown to us.",
        PT: "O que ela responde não está mais lá, ou não nos é mostrado.",
    },
    "answered_once": {
        EN: "The network lets a comment be answered in private only once, and it has been.",
        PT: "A rede só permite responder em particular uma vez a um comentário, e isso já foi "
        "feito.",
    },
    "file_to_comment": {
        EN: "A comment is answered in private in words alone; send the file once they have written "
        "back.",
        PT: "Um comentário só é respondido em particular com palavras; envie o arquivo quando a "
        "pessoa escrever de volta.",
    },
    "file_refused": {
        EN: "The network does not take this file.",
        PT: "A rede não aceita este arquivo.",
    },
    "blocked_by_customer": {
        EN: "The customer has blocked the company there.",
        PT: "O cliente bloqueou a empresa nessa rede.",
    },
    "customer_gone": {
        EN: "The customer's account there is no more.",
        PT: "A conta do cliente nessa rede não existe mais.",
    },
    "customer_never_wrote": {
        EN: "The network lets a company write in private only to whoever wrote to it first.",
        PT: "A rede só permite escrever em particular a quem escreveu primeiro à empresa.",
    },
    "duplicate_on_network": {
        EN: "The network has just published the same text from this account, and takes no second.",
        PT: "A rede acabou de publicar o mesmo texto desta conta e não aceita outro igual.",
    },
    "message_gone": {
        EN: "The message that it answers is no longer there.",
        PT: "A mensagem que ela responde não está mais lá.",
    },
    "file_without_words": {
        EN: "The file arrived, and it is not known whether the text did. Look whether it is there.",
        PT: "O arquivo chegou, e não se sabe se o texto também. Verifique se está lá.",
    },
    "mailbox_unreachable": {
        EN: "The mailbox cannot be read.",
        PT: "Não é possível ler a caixa de entrada.",
    },
}
