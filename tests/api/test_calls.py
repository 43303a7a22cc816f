"""Telephone calls over the API: recorded once for a key, shown where the history tells of them."""

from tests.api.desk import Desk, gid

RECORD = """mutation($i: RecordCallInput!) { recordCall(input: $i) {
  call { direction outcome number seconds startedAt recordedBy { name } }
  ticket { id status version } userErrors { code message field } } }"""
HISTORY = """query($id: ID!) { node(id: $id) { ... on Ticket { history(last: 3) { nodes {
  kind comment to call { outcome number recordedBy { name } } } } } } }"""


async def test_a_call_is_recorded_once_and_stands_in_the_history(desk: Desk) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    ticket = await desk.world.heard(await desk.world.account())
    asked = {
        "ticketId": gid(ticket),
        "direction": "OUTBOUND",
        "outcome": "ANSWERED",
        "seconds": 60,
        "number": "+55 11 98765-4321",
        "text": "Resolvido por telefone.",
        "status": "RESOLVED",
        "idempotencyKey": "chamada-1",
    }

    done = await desk.ask(RECORD, ana, i=asked)
    again = await desk.ask(RECORD, ana, i=asked)

    assert done["userErrors"] == []
    assert done["ticket"]["status"] == "RESOLVED"
    assert done["call"]["recordedBy"] == {"name": "Ana"}
    assert again["call"] == done["call"]
    history = (await desk.ask(HISTORY, ana, id=gid(ticket)))["history"]["nodes"]
    told = [each for each in history if each["kind"] == "CALL_RECORDED"]
    assert [each["call"]["outcome"] for each in told] == ["ANSWERED"]
    assert told[0]["comment"] == "Resolvido por telefone."
    assert "98765" not in str(history)


async def test_what_cannot_be_says_why_in_the_callers_language(desk: Desk) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    ticket = await desk.world.heard(await desk.world.account())
    asked = {"direction": "INBOUND", "outcome": "BUSY", "seconds": 5, "text": "Ocupado"}

    done = await desk.ask(RECORD, ana, i={"ticketId": gid(ticket), **asked})

    assert done["call"] is None
    [error] = done["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["seconds"])
