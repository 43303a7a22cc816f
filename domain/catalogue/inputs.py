"""What is given as a value, a page or a body, and when it cannot be answered."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
    "required": {
        EN: "{name} is missing.",
        PT: "Falta {name}.",
    },
    "none_given": {
        EN: "Give at least one.",
        PT: "Informe ao menos um.",
    },
    "nothing_to_change": {
        EN: "Nothing to change was given.",
        PT: "Nada a alterar foi informado.",
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
    "control_characters": {
        EN: "The text has characters that cannot be stored.",
        PT: "O texto tem caracteres que não podem ser gravados.",
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
    "reason_required": {
        EN: "Write the reason.",
        PT: "Escreva o motivo.",
    },
    "url_invalid": {
        EN: "An address starts with http:// or https:// and has at most 2,000 characters.",
        PT: "Um endereço começa com http:// ou https:// e tem no máximo 2.000 caracteres.",
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
    "key_reused": {
        EN: "This idempotency key was already used with a different input.",
        PT: "Esta chave de idempotência já foi usada com outra entrada.",
    },
    "key_too_long": {
        EN: "An idempotency key has 1 to {most} characters.",
        PT: "Uma chave de idempotência tem de 1 a {most} caracteres.",
    },
    "version_conflict": {
        EN: "Someone changed this before you. Look at what it is now and try again.",
        PT: "Alguém alterou antes de você. Veja como está agora e tente de novo.",
    },
    "unavailable": {
        EN: "The service is busy or its database is away. Try again in a moment.",
        PT: "O serviço está ocupado ou o banco de dados está fora. Tente de novo em instantes.",
    },
    "incident": {
        EN: "Something went wrong on our side. Incident {incident}.",
        PT: "Algo deu errado do nosso lado. Incidente {incident}.",
    },
    "not_json": {
        EN: "The body is not JSON.",
        PT: "O corpo não é JSON.",
    },
    "must_be_json": {
        EN: "{name} is no JSON that can be read.",
        PT: "{name} não é um JSON que se possa ler.",
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
}
