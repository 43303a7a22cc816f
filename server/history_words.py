"""What a history says around what was said, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.words import HistoryMeans, Locale

EMAIL, CHANNEL = HistoryMeans


@dataclass(frozen=True, kw_only=True)
class HistoryWords:
    title: str
    consumer: str
    known_as: str
    made: str
    nothing: str
    you: str
    files: str
    left_out: str
    foot: str
    ask: str
    read: str
    back: str
    by: Mapping[HistoryMeans, str]
    on_its_way: str
    not_this_way: Mapping[HistoryMeans, str]
    end: str


WORDS = {
    Locale.PT_BR: HistoryWords(
        title="Histórico do protocolo {protocol}",
        consumer="Consumidor: {name}",
        known_as="Identificado por: {known}",
        made="Histórico até {at} (horário de {zone})",
        nothing="Nenhuma mensagem neste protocolo.",
        you="Você",
        files="Arquivos: {names}",
        left_out="Há mensagens mais antigas que não cabem aqui: o documento traz as mais recentes, "
        "no máximo {most}. Peça as anteriores à empresa.",
        foot="Protocolo {protocol}",
        ask="Seu histórico, em documento (PDF)",
        read="Ler o histórico completo aqui",
        back="Voltar ao protocolo",
        by={EMAIL: "Receber por e-mail", CHANNEL: "Receber onde conversamos"},
        on_its_way="O histórico está a caminho. Ele chega em até 5 dias corridos do pedido.",
        not_this_way={
            EMAIL: "Não conseguimos enviar o histórico por e-mail. Tente por onde conversamos, ou "
            "leia-o aqui.",
            CHANNEL: "Não conseguimos enviar o histórico por onde conversamos. Tente por e-mail, "
            "ou leia-o aqui.",
        },
        end="Este documento traz tudo o que foi dito entre você e a empresa neste protocolo. "
        "Dados pessoais aparecem encobertos. {unknown} está no lugar de sinais sem letra impressa.",
    ),
    Locale.EN: HistoryWords(
        title="History of protocol {protocol}",
        consumer="Consumer: {name}",
        known_as="Known by: {known}",
        made="History up to {at} (time in {zone})",
        nothing="There are no messages in this protocol.",
        you="You",
        files="Files: {names}",
        left_out="There are older messages that do not fit here: the document holds the latest, at "
        "most {most}. Ask the company for the earlier ones.",
        foot="Protocol {protocol}",
        ask="Your history, as a document (PDF)",
        read="Read the whole history here",
        back="Back to the protocol",
        by={EMAIL: "Get it by e-mail", CHANNEL: "Get it where we talked"},
        on_its_way="The history is on its way. It arrives within 5 days of being asked for.",
        not_this_way={
            EMAIL: "The history could not be sent by e-mail. Try where we talked, or read it here.",
            CHANNEL: "The history could not be sent where we talked. Try by e-mail, or read it "
            "here.",
        },
        end="This document holds what was said between you and the company in this protocol. "
        "Personal data is covered. {unknown} stands for signs that have no printed letter.",
    ),
}
