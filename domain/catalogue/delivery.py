"""What becomes of a reply on its way, and of the account it leaves from."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
    "no_connection": {
        EN: "Nothing is sent on this network, so there is no connection to save.",
        PT: "Nada é enviado nesta rede, então não há conexão a salvar.",
    },
    "connection_unreadable": {
        EN: "The account's connection cannot be read; an administrator has to save it again.",
        PT: "A conexão da conta não pode ser lida; um administrador precisa salvá-la de novo.",
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
    "reply_came_back": {
        EN: "The network took it, could not deliver it, and gave it back.",
        PT: "A rede aceitou a mensagem, não conseguiu entregar e a devolveu.",
    },
    "sandbox_off": {
        EN: "There is no sandbox in this installation.",
        PT: "Não há sandbox nesta instalação.",
    },
    "attachment_gone": {
        EN: "A file that was to go with it is no longer there.",
        PT: "Um arquivo que iria com ela não existe mais.",
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
    "mail_refused": {
        EN: "The recipient's server refused the e-mail.",
        PT: "O servidor do destinatário recusou o e-mail.",
    },
}
