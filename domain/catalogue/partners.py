"""Partners who are told of cases: where, of what, and why they were not."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
    "webhook_address": {
        EN: "A webhook's address begins with https:// and is on the public internet: {url} is not.",
        PT: "O endereço de um webhook começa com https:// e fica na internet pública: {url} não.",
    },
    "webhook_kinds": {
        EN: "TEST is sent when you ask for it; choose among the other kinds.",
        PT: "TEST é enviado quando você pede; escolha entre os outros tipos.",
    },
    "webhook_key": {
        EN: "This key has ended, or has no scope protocol; choose one that has it.",
        PT: "Esta chave foi encerrada ou não tem o escopo protocol; escolha uma que tenha.",
    },
    "webhook_key_fixed": {
        EN: "An endpoint stays with its key; make another endpoint for another key.",
        PT: "Um endpoint fica com a sua chave; crie outro endpoint para outra chave.",
    },
    "webhooks_most": {
        EN: "At most {most} endpoints; delete one first.",
        PT: "No máximo {most} endpoints; exclua um antes.",
    },
    "webhook_off": {
        EN: "This endpoint is off; switch it on first.",
        PT: "Este endpoint está desligado; ligue-o antes.",
    },
    "webhook_not_dead": {
        EN: "Only what was given up can be replayed; this is {state}.",
        PT: "Só se reenvia o que foi abandonado; esta entrega está {state}.",
    },
    "webhook_declined": {
        EN: "The endpoint did not answer with a 2xx status.",
        PT: "O endpoint não respondeu com um status 2xx.",
    },
    "webhook_redirected": {
        EN: "The endpoint leads elsewhere; redirects are not followed. Save its final address.",
        PT: "O endpoint redireciona, e isso não é seguido. Salve o endereço final.",
    },
    "webhook_no_answer": {
        EN: "The endpoint could not be reached, or did not answer in time.",
        PT: "O endpoint não pôde ser alcançado ou não respondeu a tempo.",
    },
    "webhook_unknown_host": {
        EN: "The endpoint's host is not known.",
        PT: "O host do endpoint não é conhecido.",
    },
    "webhook_inside": {
        EN: "The endpoint's host leads to a private address; it is not called there.",
        PT: "O host do endpoint leva a um endereço privado; ele não é chamado ali.",
    },
    "webhook_not_secure": {
        EN: "Only https is called.",
        PT: "Só se chama por https.",
    },
    "webhook_not_begun": {
        EN: "It could not be begun on our side; it is tried again.",
        PT: "Não foi possível começar do nosso lado; será tentado de novo.",
    },
    "webhook_given_up": {
        EN: "The endpoint did not answer well for a whole day.",
        PT: "O endpoint não respondeu bem por um dia inteiro.",
    },
    "webhook_not_theirs": {
        EN: "By then it was no longer the partner's to know.",
        PT: "Àquela altura já não cabia ao parceiro saber.",
    },
    "webhook_key_ended": {
        EN: "The partner's key has ended.",
        PT: "A chave do parceiro foi encerrada.",
    },
}
