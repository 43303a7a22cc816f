"""Who somebody is, and what they may do."""

from domain.words import Locale

EN, PT = Locale.EN, Locale.PT_BR

SENTENCES: dict[str, dict[Locale, str]] = {
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
    "files_of_yours": {
        EN: "You are sending as many files as you may at once. Try again when some have arrived.",
        PT: "Você já envia todos os arquivos que pode de uma vez. Tente quando alguns chegarem.",
    },
    "files_of_all": {
        EN: "Too many files are arriving at this moment. Try again in {seconds} seconds.",
        PT: "Muitos arquivos chegam neste momento. Tente de novo em {seconds} segundos.",
    },
    "page_of_others": {
        EN: "This page may not ask here. Whoever runs the server can allow its origin.",
        PT: "Esta página não pode pedir nada aqui. Quem opera o servidor pode permitir sua origem.",
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
    "people_only": {
        EN: "Only a signed-in person can do this, not an API key.",
        PT: "Somente uma pessoa autenticada pode fazer isto, não uma chave de API.",
    },
    "approver_only": {
        EN: "Your account is for deciding on replies; {field} is not for it.",
        PT: "Sua conta serve para decidir sobre respostas; {field} não é para ela.",
    },
    "display_only": {
        EN: "A display shows figures and deadlines; {field} is not for it.",
        PT: "Um painel mostra números e prazos; {field} não é para ele.",
    },
    "not_found": {
        EN: "There is no such {thing}, or you may not see it.",
        PT: "Não existe esse(a) {thing}, ou você não pode vê-lo(a).",
    },
    "protocol_not_told": {
        EN: "There is no such protocol, or the proof is wrong.",
        PT: "Não existe esse protocolo, ou a prova está errada.",
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
}
