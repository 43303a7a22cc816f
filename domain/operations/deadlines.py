"""What time alone does to tickets: deadlines come near and pass, silence ends what is resolved."""

from domain.work import Work


async def notice(work: Work, most: int = 200) -> int:
    """How many clocks were found with something to tell of; it is told on the way out."""
    pressed = await work.tickets.pressed(work.now, most)
    for ticket in pressed:
        work.watch(ticket)
    return len(pressed)


async def close_silent(work: Work, most: int = 200) -> int:
    """How many resolved tickets were closed because nothing came any more."""
    silent = await work.tickets.silent(work.now, most)
    for ticket in silent:
        work.record(ticket, ticket.fall_silent(work.now))
    return len(silent)
