"""How a company is set up: its people, levels, keys, opening hours and targets."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
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
    "levels_of_display": {
        EN: "Only a key with the scope display or protocol, and no other, is made for chosen "
        "levels.",
        PT: "Só uma chave com o escopo display ou protocol, e nenhum outro, é feita para níveis "
        "escolhidos.",
    },
    "receipt_without": {
        EN: "The text has to say {{{{{name}}}}}: whoever reads it needs it.",
        PT: "O texto precisa dizer {{{{{name}}}}}: quem o lê vai precisar.",
    },
    "display_alone": {
        EN: "A display's key has the scope display and no other.",
        PT: "A chave de um painel tem o escopo display e nenhum outro.",
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
    "target_range": {
        EN: "A target is 1 to {most} seconds.",
        PT: "Um prazo tem de 1 a {most} segundos.",
    },
    "legal_in_days": {
        EN: "The legal deadline is counted in calendar days: give a multiple of 86400 seconds.",
        PT: "O prazo legal conta dias corridos: informe um múltiplo de 86400 segundos.",
    },
    "metric_fixed": {
        EN: "The law gives this time; a level has no target of its own for it.",
        PT: "Este prazo é da lei; um nível não tem meta própria para ele.",
    },
    "target_twice": {
        EN: "{metric} of {priority} is given twice.",
        PT: "{metric} de {priority} foi informado duas vezes.",
    },
    "warn_range": {
        EN: "A warning is at 1 to 100 percent of the time.",
        PT: "Um aviso fica entre 1 e 100 por cento do tempo.",
    },
    "warn_unsorted": {
        EN: "Warnings go up: each percentage is more than the one before.",
        PT: "Os avisos são crescentes: cada percentual é maior que o anterior.",
    },
}
