"""What cannot be right: said with a code and a sentence, in both languages, and nothing done."""

from collections.abc import Sequence
from datetime import timedelta

from graph.schema import build
from tests.api.desk import Desk, Json, unknown
from tests.api.office import FIELD, MUTATIONS, POST, USER, Office, named

LONG = "a" * 50_000
A_DAY = timedelta(days=1)
INTERNALS = ("Traceback", "sqlalchemy", "asyncpg", "sqlite", "SELECT", "INSERT", ".py", "line ")


VERSION = ["expectedVersion"]
OPENING = {"levelId": "$level", "subject": "Assunto", "comment": "Ligou"}
KNOWN = {"publisherId": "$publisher"}
UNITED = {"sourceId": "$stranger", "targetId": "$publisher"}
REFUSED: Sequence[tuple[str, Json, str, list[str] | None]] = [
    ("openTicket", {**OPENING, "subject": ""}, "INVALID", ["subject"]),
    ("openTicket", {**OPENING, "subject": LONG}, "TOO_LONG", ["subject"]),
    ("openTicket", {**OPENING, "subject": "a\x00b"}, "INVALID", ["subject"]),
    ("openTicket", {**OPENING, "comment": "   "}, "COMMENT_REQUIRED", ["comment"]),
    ("openTicket", {**OPENING, "comment": LONG}, "TOO_LONG", ["comment"]),
    ("openTicket", {**OPENING, "occurredAt": "2099-01-01T00:00:00Z"}, "INVALID", ["occurredAt"]),
    ("openTicket", {**OPENING, "levelId": "$ticket"}, "NOT_FOUND", ["levelId"]),
    ("openTicket", {**OPENING, "publisherId": "$level"}, "NOT_FOUND", ["publisherId"]),
    ("openTicket", {**OPENING, "customerEmail": "not an address"}, "INVALID", ["customerEmail"]),
    ("openTicket", {**OPENING, "status": "CLOSED"}, "INVALID", ["status"]),
    ("openTicket", {**OPENING, "idempotencyKey": "k" * 121}, "INVALID", ["idempotencyKey"]),
    ("openTicket", {**OPENING, "idempotencyKey": "a\x00"}, "INVALID", ["idempotencyKey"]),
    ("getTickets", {"count": 0}, "INVALID", ["count"]),
    ("getTickets", {"count": -1}, "INVALID", ["count"]),
    ("getTickets", {"count": 101}, "INVALID", ["count"]),
    ("getTickets", {"levelIds": ["$user"]}, "NOT_FOUND", ["levelIds"]),
    ("getTickets", {"levelIds": ["$level"] * 201}, "INVALID", ["levelIds"]),
    ("startTicket", {"ticketId": "$nobody"}, "NOT_FOUND", None),
    ("startTicket", {"ticketId": "$publisher"}, "NOT_FOUND", ["ticketId"]),
    ("startTicket", {"ticketId": "$ticket", "expectedVersion": 99}, "VERSION_CONFLICT", VERSION),
    ("updateTicket", {"ticketId": "$ticket"}, "INVALID", None),
    ("updateTicket", {"ticketId": "$ticket", "subject": LONG}, "TOO_LONG", ["subject"]),
    ("updateTicket", {"ticketId": "$ticket", "addTags": [""]}, "INVALID", ["addTags"]),
    ("updateTicket", {"ticketId": "$ticket", "addTags": ["a\x00"]}, "INVALID", ["addTags"]),
    ("updateTicket", {"ticketId": "$ticket", "typeId": "$level"}, "NOT_FOUND", ["typeId"]),
    ("updateTicket", {"ticketId": "$ticket", "assigneeId": "$ticket"}, "NOT_FOUND", ["assigneeId"]),
    (
        "updateTicket",
        {"ticketId": "$ticket", "status": "PENDING", "pendingUntil": "2020-01-01T00:00:00Z"},
        "INVALID",
        ["pendingUntil"],
    ),
    (
        "updateTicket",
        {"ticketId": "$ticket", "assigneeId": "$user", "unassign": True},
        "INVALID",
        ["unassign"],
    ),
    (
        "escalateTicket",
        {"ticketId": "$ticket", "levelId": "$level", "comment": ""},
        "COMMENT_REQUIRED",
        ["comment"],
    ),
    (
        "finishTicket",
        {"ticketId": "$ticket", "closeReason": "MERGED", "comment": "x"},
        "INVALID",
        ["closeReason"],
    ),
    (
        "finishTicket",
        {"ticketId": "$ticket", "closeReason": "SPAM", "comment": " "},
        "COMMENT_REQUIRED",
        ["comment"],
    ),
    ("mergeTickets", {"sourceId": "$ticket", "targetId": "$ticket"}, "INVALID", ["targetId"]),
    (
        "mergeTickets",
        {"sourceId": "$ticket", "targetId": "$other"},
        "INVALID",
        ["acrossPublishers"],
    ),
    (
        "reply",
        {"ticketId": "$ticket", "text": "Olá", "visibility": "PUBLIC"},
        "ACCOUNT_NOT_IN_LEVEL",
        ["accountId"],
    ),
    ("reply", {"ticketId": "$ticket", "text": "", "visibility": "INTERNAL"}, "INVALID", ["text"]),
    (
        "reply",
        {"ticketId": "$ticket", "text": LONG, "visibility": "INTERNAL"},
        "TOO_LONG",
        ["text"],
    ),
    (
        "reply",
        {"ticketId": "$ticket", "text": "\x00", "visibility": "INTERNAL"},
        "INVALID",
        ["text"],
    ),
    ("updatePublisher", KNOWN, "INVALID", None),
    ("updatePublisher", {**KNOWN, "name": ""}, "INVALID", ["name"]),
    ("updatePublisher", {**KNOWN, "name": "a" * 10_000}, "INVALID", ["name"]),
    ("updatePublisher", {**KNOWN, "name": "a\x00"}, "INVALID", ["name"]),
    ("updatePublisher", {**KNOWN, "cpf": "52998224726"}, "INVALID", ["cpf"]),
    ("updatePublisher", {**KNOWN, "cpf": "111.111.111-11"}, "INVALID", ["cpf"]),
    ("updatePublisher", {**KNOWN, "cpf": "5299822472a"}, "INVALID", ["cpf"]),
    ("updatePublisher", {**KNOWN, "cpf": LONG}, "INVALID", ["cpf"]),
    ("updatePublisher", {**KNOWN, "phone": "ligue já"}, "INVALID", ["phone"]),
    ("updatePublisher", {**KNOWN, "phone": LONG}, "INVALID", ["phone"]),
    ("updatePublisher", {**KNOWN, "phone": "11 98765\x004321"}, "INVALID", ["phone"]),
    ("updatePublisher", {**KNOWN, "email": "ninguém"}, "INVALID", ["email"]),
    ("updatePublisher", {**KNOWN, "email": LONG}, "INVALID", ["email"]),
    ("updatePublisher", {**KNOWN, "tags": [""]}, "INVALID", ["tags"]),
    ("updatePublisher", {**KNOWN, "tags": [f"t{n}" for n in range(31)]}, "INVALID", ["tags"]),
    ("updatePublisher", {**KNOWN, "expectedVersion": 99, "name": "N"}, "VERSION_CONFLICT", VERSION),
    ("updatePublisher", {"publisherId": "$ticket", "name": "N"}, "NOT_FOUND", ["publisherId"]),
    ("updatePublisher", {"publisherId": "$nobody_else", "name": "N"}, "NOT_FOUND", None),
    (
        "updatePublisher",
        {**KNOWN, "fields": [{"key": "nada", "value": "1"}]},
        "INVALID",
        ["fields", "0", "key"],
    ),
    ("mergePublishers", {**UNITED, "sourceId": "$publisher"}, "INVALID", ["targetId"]),
    ("mergePublishers", {**UNITED, "targetId": "$level"}, "NOT_FOUND", ["targetId"]),
    ("mergePublishers", {**UNITED, "sourceId": "$nobody_else"}, "NOT_FOUND", None),
    ("mergePublishers", {**UNITED, "expectedVersion": 9}, "VERSION_CONFLICT", VERSION),
    ("revealField", {**KNOWN, "key": "cpf", "reason": ""}, "REASON_REQUIRED", ["reason"]),
    ("revealField", {**KNOWN, "key": "cpf", "reason": LONG}, "TOO_LONG", ["reason"]),
    ("revealField", {**KNOWN, "key": "cpf", "reason": "a\x00"}, "INVALID", ["reason"]),
    ("revealField", {**KNOWN, "key": "senha", "reason": "x"}, "INVALID", ["key"]),
    ("revealField", {**KNOWN, "key": "c\x00", "reason": "x"}, "INVALID", ["key"]),
    ("revealField", {**KNOWN, "key": LONG, "reason": "x"}, "INVALID", ["key"]),
    ("savePublisherFieldDefinition", {**FIELD, "key": "CPF!"}, "INVALID", ["key"]),
    ("savePublisherFieldDefinition", {**FIELD, "key": "cpf"}, "INVALID", ["key"]),
    ("savePublisherFieldDefinition", {**FIELD, "label": ""}, "INVALID", ["label"]),
    ("savePublisherFieldDefinition", {**FIELD, "pattern": "(?=a)"}, "INVALID", ["pattern"]),
    (
        "savePublisherFieldDefinition",
        {**FIELD, "pattern": "((a{1000}){1000})"},
        "INVALID",
        ["pattern"],
    ),
    ("savePublisherFieldDefinition", {**FIELD, "pattern": LONG}, "TOO_LONG", ["pattern"]),
    (
        "savePublisherFieldDefinition",
        {**FIELD, "kind": "CPF", "pattern": "a"},
        "INVALID",
        ["pattern"],
    ),
    ("savePublisherFieldDefinition", {**FIELD, "id": "$level"}, "NOT_FOUND", ["id"]),
    ("receiveOccurrence", {**POST, "text": ""}, "INVALID", ["text"]),
    ("receiveOccurrence", {**POST, "text": LONG}, "TOO_LONG", ["text"]),
    ("receiveOccurrence", {**POST, "text": "a\x00b"}, "INVALID", ["text"]),
    ("receiveOccurrence", {**POST, "externalId": ""}, "INVALID", ["externalId"]),
    ("receiveOccurrence", {**POST, "externalId": "x" * 600}, "TOO_LONG", ["externalId"]),
    ("receiveOccurrence", {**POST, "externalId": "x\x00"}, "INVALID", ["externalId"]),
    (
        "receiveOccurrence",
        {**POST, "occurredAt": "2099-01-01T00:00:00Z"},
        "INVALID",
        ["occurredAt"],
    ),
    (
        "receiveOccurrence",
        {**POST, "occurredAt": "1970-01-01T00:00:00Z"},
        "INVALID",
        ["occurredAt"],
    ),
    ("receiveOccurrence", {**POST, "accountId": "$ticket"}, "NOT_FOUND", ["accountId"]),
    ("receiveOccurrence", {**POST, "url": "javascript:alert(1)"}, "INVALID", ["url"]),
    ("saveLevel", {"name": ""}, "INVALID", ["name"]),
    ("saveLevel", {"name": LONG}, "INVALID", ["name"]),
    ("saveLevel", {"name": "Triagem"}, "DUPLICATE", ["name"]),
    ("saveLevel", {"name": "N", "batchSize": 0}, "INVALID", ["batchSize"]),
    ("saveLevel", {"name": "N", "claimLeaseSeconds": 9}, "INVALID", ["claimLeaseSeconds"]),
    (
        "saveLevel",
        {"name": "N", "members": [{"userId": "$ticket"}]},
        "NOT_FOUND",
        ["members", "0", "userId"],
    ),
    ("saveUser", {**USER, "email": "x"}, "INVALID", ["email"]),
    ("saveUser", {**USER, "password": "curta"}, "INVALID", ["password"]),
    ("saveUser", {**USER, "password": None}, "INVALID", ["password"]),
    ("saveUser", {**USER, "name": "a\x00"}, "INVALID", ["name"]),
    ("saveAccount", {"network": "X", "name": ""}, "INVALID", ["name"]),
    ("saveAccount", {"network": "X", "name": "x", "id": "$account"}, "INVALID", ["network"]),
    ("saveTicketType", {"name": "\x00"}, "INVALID", ["name"]),
    (
        "saveMonitoring",
        {"name": "m", "levelId": "$level", "accountIds": ["$user"]},
        "NOT_FOUND",
        ["accountIds"],
    ),
    ("createApiKey", {"name": "k", "scopes": []}, "INVALID", ["scopes"]),
]
ADMINS = {"saveLevel", "saveAccount", "saveUser", "receiveOccurrence", "createApiKey"}
ADMINS |= {"saveTicketType", "saveMonitoring", "revealField", "savePublisherFieldDefinition"}


def plainly(text: str) -> None:
    assert not [each for each in INTERNALS if each in text], text


async def test_wrong_input_is_refused_in_words_and_leaves_nothing_behind(desk: Desk) -> None:
    office = await Office.built(desk)
    before = await office.rows()
    wrong = []

    for mutation, given, code, field in REFUSED:
        document = (
            f"mutation($i: {MUTATIONS[mutation]}!) {{ {mutation}(input: $i) {{"
            " userErrors { code message field } } }"
        )
        by = office.boss if mutation in ADMINS else office.ana
        asked = named(given, office.names)
        english = await desk.send(document, by, i=asked)
        portuguese = await desk.send(document, by, language="pt-BR", i=asked)
        plainly(english.text + portuguese.text)
        body = english.json()
        told = [] if "errors" in body else body["data"][mutation]["userErrors"]
        if not told or (told[0]["code"], told[0]["field"]) != (code, field):
            wrong.append((mutation, str(given)[:150], told or body, code, field))
            continue
        [translated] = portuguese.json()["data"][mutation]["userErrors"]
        if translated["message"] == told[0]["message"] or len(told[0]["message"]) > 200:
            wrong.append((mutation, str(given)[:150], translated, code, field))

    assert wrong == []
    assert await office.rows() == before


NODE = "query($id: ID!) { node(id: $id) { id } }"
FILTERED = "query($f: TicketFilter) { tickets(filter: $f) { totalCount } }"
QUESTIONS: Sequence[tuple[str, Json, str]] = [
    ("{ tickets(first: 0) { totalCount } }", {}, "INVALID"),
    ("{ tickets(first: -1) { totalCount } }", {}, "INVALID"),
    ("{ tickets(first: 101) { totalCount } }", {}, "INVALID"),
    ("{ tickets(last: 0) { totalCount } }", {}, "INVALID"),
    ("{ tickets(first: 1, last: 1) { totalCount } }", {}, "INVALID"),
    ('{ tickets(before: "x") { totalCount } }', {}, "INVALID"),
    ('{ tickets(last: 1, after: "x") { totalCount } }', {}, "INVALID"),
    ('{ tickets(after: "zzz") { totalCount } }', {}, "INVALID"),
    ('{ tickets(after: "") { totalCount } }', {}, "INVALID"),
    ('{ tickets(after: "é") { totalCount } }', {}, "INVALID"),
    ('{ publishers(after: "zzz") { totalCount } }', {}, "INVALID"),
    (FILTERED, {"f": {"search": "a" * 201}}, "TOO_LONG"),
    (
        '{ tickets(filter: {openedFrom: "2026-02-01T00:00:00Z",'
        ' openedTo: "2026-01-01T00:00:00Z"}) { totalCount } }',
        {},
        "INVALID",
    ),
    ("{ ticket { id } }", {}, "INVALID"),
    (
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": [unknown("Ticket")] * 101},
        "INVALID",
    ),
    ('{ node(id: "xx") { id } }', {}, "BAD_USER_INPUT"),
    (NODE, {"id": "xx"}, "BAD_USER_INPUT"),
    (NODE, {"id": ""}, "BAD_USER_INPUT"),
    (NODE, {"id": 7}, "BAD_USER_INPUT"),
    (NODE, {"id": "é" * 23}, "BAD_USER_INPUT"),
    (NODE, {"id": "A" * 23}, "BAD_USER_INPUT"),
    (NODE, {"id": ["x"]}, "BAD_USER_INPUT"),
    (FILTERED, {"f": {"statuses": ["LOST"]}}, "BAD_USER_INPUT"),
    ("{ tickets(filter: {statuses: [LOST]}) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    (
        '{ tickets(filter: {openedFrom: "2026-09-14T12:00:00"}) { totalCount } }',
        {},
        "BAD_USER_INPUT",
    ),
    (FILTERED, {"f": {"openedFrom": "2026-09-14T12:00:00"}}, "BAD_USER_INPUT"),
    (FILTERED, {"f": {"openedFrom": "2026-09-14"}}, "BAD_USER_INPUT"),
    (FILTERED, {"f": {"openedFrom": 12}}, "BAD_USER_INPUT"),
    (FILTERED, {"f": {"openedTo": "0001-01-01T00:00:00+14:00"}}, "BAD_USER_INPUT"),
    (FILTERED, {"f": {"tags": "x" * 20}}, ""),
    (FILTERED, {"f": {"tags": ["\x00"]}}, "INVALID"),
    (FILTERED, {"f": {"search": "\x00"}}, "INVALID"),
    (FILTERED, {"f": {"protocol": "\x00"}}, "INVALID"),
    ("query($s: String) { publishers(search: $s) { totalCount } }", {"s": "\x00"}, "INVALID"),
    ("query($p: String) { ticket(protocol: $p) { id } }", {"p": "a\x00"}, "INVALID"),
    ("query($p: String) { ticket(protocol: $p) { id } }", {"p": "9" * 5000}, ""),
    ("{ tickets(first: 99999999999) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("{ tickets {", {}, "GRAPHQL_PARSE_FAILED"),
    ("{ tickets {", {}, "GRAPHQL_PARSE_FAILED"),
    ("query A { levels { id } } query B { users { id } }", {}, "BAD_REQUEST"),
]


async def test_a_wrong_question_is_told_its_code_and_never_breaks_anything(desk: Desk) -> None:
    office = await Office.built(desk)
    wrong = []

    for document, variables, code in QUESTIONS:
        response = await desk.send(document, office.ana, **variables)
        plainly(response.text)
        errors = response.json().get("errors", [])
        told = errors[0]["extensions"]["code"] if errors else ""
        if told != code:
            wrong.append((document, str(variables)[:100], errors, code))

    assert wrong == []


async def test_an_id_of_another_kind_is_an_id_of_nothing(desk: Desk) -> None:
    office = await Office.built(desk)
    asks = {
        "ticket": "query($id: ID!) { ticket(id: $id) { id } }",
        "level": "query($id: ID!) { level(id: $id) { id } }",
        "publisher": "query($id: ID!) { publisher(id: $id) { id } }",
    }

    for own, document in asks.items():
        for kind in ("ticket", "level", "publisher", "user", "account"):
            found = await desk.ask(document, office.ana, id=office.names[kind])
            assert (found is not None) is (kind == own)
    by_another = {"levelIds": [office.names["ticket"]]}
    listed = await desk.ask(
        "query($f: TicketFilter) { tickets(filter: $f) { totalCount } }", office.ana, f=by_another
    )
    assert listed == {"totalCount": 0}


async def test_a_cursor_of_another_list_is_refused(desk: Desk) -> None:
    office = await Office.built(desk)
    document = (
        "query($o: TicketOrder, $a: String) { tickets(first: 1, orderBy: $o, after: $a) {"
        " pageInfo { endCursor } } }"
    )
    page = await desk.ask(document, office.ana)
    publishers = await desk.ask("{ publishers(first: 1) { pageInfo { endCursor } } }", office.ana)
    by_age = {"field": "OPENED_AT", "direction": "ASC"}

    for cursor, order in (
        (page["pageInfo"]["endCursor"], by_age),
        (publishers["pageInfo"]["endCursor"], None),
        (publishers["pageInfo"]["endCursor"], by_age),
    ):
        error = await desk.error(document, office.ana, o=order, a=cursor)
        assert error["extensions"]["code"] == "INVALID"
        assert error["extensions"]["field"] == ["after"]


RECEIVE = (
    "mutation($i: ReceiveOccurrencesInput!) { receiveOccurrences(input: $i) {"
    " results { duplicate occurrence { id } ticket { id } userErrors { code field } }"
    " userErrors { code message } } }"
)


async def test_more_than_500_messages_at_once_are_refused_whole(desk: Desk) -> None:
    office = await Office.built(desk)
    before = await office.rows()
    many = [named({**POST, "externalId": f"n{n}"}, office.names) for n in range(501)]

    told = await desk.ask(RECEIVE, office.boss, i={"occurrences": many})

    assert told["results"] == []
    [error] = told["userErrors"]
    assert error == {"code": "INVALID", "message": "At most 500 at once; there are 501."}
    assert await office.rows() == before


async def test_a_message_that_comes_twice_is_kept_once_alone_or_in_one_call(desk: Desk) -> None:
    office = await Office.built(desk)
    one, other = (named({**POST, "externalId": each}, office.names) for each in ("n1", "n2"))
    bad = {**one, "externalId": "n3", "text": ""}

    told = await desk.ask(RECEIVE, office.boss, i={"occurrences": [one, one, bad, other]})
    again = await desk.ask(RECEIVE, office.boss, i={"occurrences": [other]})

    results = told["results"]
    assert [each["duplicate"] for each in results] == [False, True, False, False]
    assert [len(each["userErrors"]) for each in results] == [0, 0, 1, 0]
    assert results[0]["occurrence"] == results[1]["occurrence"]
    assert again["results"][0]["duplicate"]
    assert again["results"][0]["occurrence"] == results[3]["occurrence"]


async def test_strangers_cannot_look_the_graph_over_in_production() -> None:
    closed = build(open_to_strangers=False)

    class Stranger:
        actor = None

    told = await closed.execute("{ __schema { types { name } } }", context_value=Stranger())

    assert told.data is None
    assert told.errors
