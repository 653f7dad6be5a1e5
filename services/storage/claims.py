"""Who answers a turn: the first to claim it, and the stored reply when it is asked again."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.clock import now
from services.storage.tables import reply_claims
from services.storage.upsert import insert_ignore


class Claim(NamedTuple):
    """The wish to be the one who answers a turn in this kind, with the encoded reply."""

    turn_id: str
    kind: str
    owner: str
    envelope: bytes


async def claim(
    connection: AsyncConnection, turn_id: str, kind: str, owner: str, envelope: bytes
) -> bytes | None:
    """Claim one reply; see ``claim_all``."""
    [answer] = await claim_all(connection, [Claim(turn_id, kind, owner, envelope)])
    return answer


async def claim_all(connection: AsyncConnection, claims: Sequence[Claim]) -> list[bytes | None]:
    """For each claim the envelope to publish once the transaction is committed.

    That is the one that this owner stored first, whatever it brings now; None when another
    owner was first.
    """
    if not claims:
        return []
    moment = await now(connection)
    # In one order for everybody: two batches that lock the same rows crosswise would deadlock.
    rows = [{**each._asdict(), "created_at": moment} for each in sorted(claims)]
    await insert_ignore(connection, reply_claims, rows)
    # By turn alone: SQLite scans the whole table for pairs of turn and kind.
    found = await of_turns(connection, {each.turn_id for each in claims})
    held = {(each.turn_id, each.kind): each for each in found}
    return [_answer(each, held[each.turn_id, each.kind]) for each in claims]


async def of_turns(connection: AsyncConnection, turn_ids: Collection[str]) -> list[Claim]:
    """Everything that was claimed on these turns, by whomever."""
    if not turn_ids:
        return []
    columns = reply_claims.c
    query = select(columns.turn_id, columns.kind, columns.owner, columns.envelope)
    rows = await connection.execute(query.where(columns.turn_id.in_(turn_ids)))
    return [Claim(*row) for row in rows]


def _answer(wish: Claim, held: Claim) -> bytes | None:
    return held.envelope if held.owner == wish.owner else None
