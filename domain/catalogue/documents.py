"""What a GraphQL document may ask, and whether it is run at all."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
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
}
