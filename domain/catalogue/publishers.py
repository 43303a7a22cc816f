"""What is known of publishers."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
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
    "tag_invalid": {
        EN: "A tag has 1 to {most} characters on one line.",
        PT: "Uma etiqueta tem de 1 a {most} caracteres em uma linha.",
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
