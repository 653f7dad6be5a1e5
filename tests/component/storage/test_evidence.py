"""Evidence gathers the annotations on a turn in any order; certificates keep what they led to."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.storage import certificates, evidence, samples, versions
from services.storage.certificates import LOOK, PROMOTION, Certificate
from services.storage.engine import Database
from services.storage.evidence import Annotation, Check, StudentAnswer
from services.storage.samples import NewSample, SampleState

NOW = datetime.now(UTC).replace(microsecond=0)
SAID = StudentAnswer("precio", 0.97, "v1", True)
DAYS, ROWS = 90, 2_000


def annotation(
    by: str,
    label: str,
    turn_id: str = "t-1",
    *,
    said: StudentAnswer | None = SAID,
    origin: str = "live",
) -> Annotation:
    at = NOW if turn_id != "old" else NOW - timedelta(days=91)
    return Annotation(turn_id, by, label, "¿cuánto cuesta? 🥖", "ana", origin, at, said)


ANNOTATIONS = (
    annotation("teacher", "envio"),
    annotation("second", "precio"),
    annotation("person", "pago", said=None),
)


@pytest.mark.parametrize(
    "order", list(permutations(ANNOTATIONS)), ids=lambda o: "-".join(v.by for v in o)
)
async def test_voices_gather_in_whatever_order_they_come(
    database: Database, order: tuple[Annotation, ...]
) -> None:
    for each in (*order, *order):
        async with database.begin() as connection:
            await evidence.annotate(connection, [each])
    async with database.read() as connection:
        [row] = await evidence.window(connection, DAYS, ROWS)
    assert (row.said, row.confidence, row.drawn) == ("precio", 0.97, True)
    assert (row.teacher, row.second, row.person) == ("envio", "precio", "pago")
    assert row.text == "¿cuánto cuesta? 🥖"


async def test_the_word_of_a_model_that_may_have_learned_from_the_turn_comes_too_late(
    database: Database,
) -> None:
    """A classifier that died before it acked is given the turn again, perhaps after a training."""
    later = annotation("teacher", "envio", said=StudentAnswer("envio", 0.99, "v2", True))
    async with database.begin() as connection:
        await evidence.annotate(connection, [annotation("teacher", "envio")])
        await evidence.annotate(connection, [later])
        [row] = await evidence.window(connection, DAYS, ROWS)
    assert (row.said, row.confidence, row.teacher) == ("precio", 0.97, "envio")


async def test_only_drawn_live_recent_turns_of_which_a_model_spoke_are_in_the_window(
    database: Database,
) -> None:
    heard = [
        annotation("teacher", "envio", "kept"),
        annotation("teacher", "envio", "not drawn", said=SAID._replace(drawn=False)),
        annotation("teacher", "envio", "simulated", origin="simulated"),
        annotation("teacher", "envio", "replayed", origin="replayed"),
        annotation("teacher", "envio", "old"),
        annotation("person", "envio", "nobody spoke", said=None),
        annotation("second", "envio", "the first is missing"),
    ]
    async with database.begin() as connection:
        await evidence.annotate(connection, heard)
    async with database.read() as connection:
        assert [row.turn_id for row in await evidence.window(connection, DAYS, ROWS)] == ["kept"]
        assert await evidence.count(connection, DAYS, ROWS) == (1, 2)
        found = await evidence.of_turns(connection, ["kept", "not drawn", "nobody spoke"])
        assert set(found) == {"kept", "not drawn"}
        by_people = await evidence.labelled_by_people(connection, ["kept", "nobody spoke"])
        assert by_people == {"nobody spoke"}


async def test_the_window_has_the_newest_rows_the_oldest_first(database: Database) -> None:
    async with database.begin() as connection:
        await evidence.annotate(
            connection, [annotation("teacher", "envio", f"t-{n}") for n in range(5)]
        )
    async with database.read() as connection:
        found = await evidence.window(connection, DAYS, 3)
        assert [row.turn_id for row in found] == ["t-2", "t-3", "t-4"]
        assert await evidence.count(connection, DAYS, 3) == (3, 5)


async def test_agreements_wait_for_a_person_once(database: Database) -> None:
    async with database.begin() as connection:
        await evidence.annotate(
            connection, [annotation("teacher", "precio", name) for name in ("a", "b")]
        )
        played = annotation("teacher", "precio", "played", origin="simulated")
        await evidence.annotate(connection, [played])
        await evidence.to_audit(connection, ["a", "b", "played"])
        await evidence.annotate(connection, [annotation("person", "precio", "a", said=None)])
        await evidence.to_audit(connection, ["a", "b", "played"])
        assert [check.turn_id for check in await evidence.waiting_checks(connection, 9)] == ["b"]


async def test_agreements_that_show_nothing_any_more_wait_for_nobody(database: Database) -> None:
    names = ["old", "refuted", "new"]
    async with database.begin() as connection:
        await evidence.annotate(
            connection, [annotation("teacher", "precio", name) for name in names]
        )
        await evidence.to_audit(connection, names)
        rows = {row.turn_id: row.id for row in await evidence.window(connection, DAYS, ROWS)}
        left = await evidence.waiting_checks(connection, 9, rows["refuted"])
        assert [check.turn_id for check in left] == ["refuted", "new"]
        assert await evidence.oldest(connection, DAYS, 2) == rows["refuted"]
        refuted = certificate(state="refuted", seen_up_to=rows["refuted"])
        await certificates.add(connection, refuted)
        assert [check.turn_id for check in await evidence.waiting_checks(connection, 9)] == ["new"]
        assert [row.turn_id for row in await evidence.window(connection, DAYS, ROWS)] == ["new"]
        assert await evidence.count(connection, DAYS, ROWS) == (1, 3)


async def test_a_check_is_taken_once(database: Database) -> None:
    async with database.begin() as connection:
        await evidence.annotate(connection, [annotation("teacher", "precio")])
        assert await evidence.take_check(connection, "t-1") is None, "nobody was asked"
        assert not await evidence.is_checked(connection, "t-1")
        await evidence.to_audit(connection, ["t-1"])
        taken = await evidence.take_check(connection, "t-1")
        assert taken == Check("t-1", "¿cuánto cuesta? 🥖", "ana", "live", True, NOW)
        assert await evidence.take_check(connection, "t-1") is None
        assert await evidence.waiting_checks(connection, 9) == []
        assert await evidence.is_checked(connection, "t-1")


async def test_a_contradiction_that_nobody_settled_waits_for_a_person_too(
    database: Database,
) -> None:
    async with database.begin() as connection:
        await evidence.annotate(
            connection, [annotation("teacher", "envio", name) for name in ("a", "b")]
        )
        held = sample("held", "envio", SampleState.HELD)._replace(turn_id="b")
        await samples.store(connection, [held])
        [check] = await evidence.waiting_checks(connection, 9)
        assert (check.turn_id, check.agreed) == ("b", False)
        assert await evidence.take_check(connection, "b") == check
        assert await evidence.waiting_checks(connection, 9) == []


async def test_of_one_contact_the_newest_turns_count(database: Database) -> None:
    """In the window, in the counts, and among what a person is asked to check."""
    most, turns = evidence.OF_ONE_CONTACT, evidence.OF_ONE_CONTACT + 3
    async with database.begin() as connection:
        await evidence.annotate(
            connection, [annotation("teacher", "precio", f"t-{n}") for n in range(turns)]
        )
        nobody = [annotation("teacher", "precio", f"n-{n}") for n in range(turns)]
        await evidence.annotate(connection, [each._replace(contact_id=None) for each in nobody])
        await evidence.to_audit(connection, [f"t-{n}" for n in range(turns)])
        rows = await evidence.window(connection, DAYS, ROWS)
        assert [row.turn_id for row in rows[:most]] == [f"t-{n}" for n in range(3, turns)]
        assert len(rows) == most + turns
        assert await evidence.count(connection, DAYS, ROWS) == (most + turns, 2 * turns)
        assert await evidence.oldest(connection, DAYS, ROWS) == rows[0].id
        assert len(await evidence.waiting_checks(connection, 100)) == most


def sample(name: str, intent: str | None, state: SampleState | None = None) -> NewSample:
    return NewSample(
        event_id=f"e-{name}",
        text=name,
        intent=intent,
        labelled_by="teacher",
        confidence=0.9,
        origin="live",
        conversation_id="c",
        contact_id="ana",
        turn_id=f"t-{name}",
        created_at=NOW,
        state=state,
        said="precio",
        said_confidence=0.95,
    )


async def learned(database: Database) -> dict[str, str | None]:
    async with database.read() as connection:
        rows = await samples.labelled(connection, ["precio", "envio"], 10**9)
        fresh = await samples.new_texts(connection, ["precio", "envio"], 0, 99)
    assert [row.text for row in rows] == fresh
    return {row.text: row.intent for row in rows}


async def test_only_what_is_not_held_dropped_or_capped_is_learned(database: Database) -> None:
    async with database.begin() as connection:
        await samples.store(connection, [sample("plain", "envio")])
        await samples.store(connection, [sample(state, "envio", state) for state in SampleState])
    assert await learned(database) == {"plain": "envio", "released": "envio"}


async def test_what_was_proposed_is_learned_as_that_while_the_catalogue_has_it(
    database: Database,
) -> None:
    garantia = [
        sample(name, None, state)._replace(proposed="garantia")
        for name, state in (("a", None), ("b", SampleState.HELD))
    ]
    async with database.begin() as connection:
        await samples.store(connection, [*garantia, sample("c", None)])
        for intents, label in ((["envio"], None), (["envio", "garantia"], "garantia")):
            rows = await samples.labelled(connection, intents, 10**9)
            assert {row.text: row.intent for row in rows} == {"a": label, "c": None}
            [held] = await samples.held(connection, intents)
            assert held.intent == label
            like = await samples.sent_like(connection, intents, [label])
            assert {row.text for row in like} >= {"a"}


async def test_samples_are_known_by_their_events(database: Database) -> None:
    async with database.begin() as connection:
        await samples.store(connection, [sample("a", "envio")])
        assert await samples.known(connection, ["e-a", "e-b"]) == {"e-a"}


async def test_held_samples_are_released_alone(database: Database) -> None:
    async with database.begin() as connection:
        held = [sample(name, "envio", SampleState.HELD) for name in ("a", "b", "c")]
        await samples.store(connection, [*held, sample("d", "envio", SampleState.CAPPED)])
        await samples.release(connection, "t-a", "precio")
        await samples.release(connection, "t-d", "precio")
        [_, second] = await samples.held(connection, ["envio"])
        assert (second.text, second.intent, second.contact_id) == ("b", "envio", "ana")
        await samples.release_ids(connection, [second.id])
        assert [each.text for each in await samples.held(connection, ["envio"])] == ["c"]
    assert await learned(database) == {"a": "precio", "b": "envio"}


async def test_a_contacts_samples_of_a_day_are_counted(database: Database) -> None:
    old = sample("old", "envio")._replace(created_at=NOW - timedelta(days=2))
    async with database.begin() as connection:
        await samples.store(connection, [sample("a", "envio"), sample("b", None), old])
        assert await samples.sent_today(connection, ["ana", "luis"]) == {"ana": 2}


def certificate(**changes: Any) -> Certificate:
    plain = Certificate(
        cause=LOOK,
        model_version="v1",
        state="certified",
        threshold=0.85,
        certified=0.85,
        provisional=0.9,
        floor=None,
        was_certified=True,
        number=1,
        level=0.05,
        seen_up_to=212,
        looked_at=200,
        accepted_rows=180,
        right_rows=178,
        bound=0.957,
        basis="precision",
        kept_out=["envio"],
        chosen_for=0.95,
        target=0.95,
        why="178 of 180 rows right at 85%: ≥ 95",
    )
    return plain._replace(**changes)


async def test_a_model_has_the_threshold_that_was_last_chosen_for_the_target(
    database: Database,
) -> None:
    given = [("v1", 0.97, 0.96), ("v1", 0.8, 0.7), ("v1", 0.8, 0.6), ("v2", 0.8, 0.9)]
    async with database.begin() as connection:
        for version, target, chosen in given:
            row = certificate(model_version=version, chosen_for=target, provisional=chosen)
            await certificates.add(connection, row)
        asked = {
            (version, target): await certificates.provisional_for(connection, version, target)
            for version, target in (("v1", 0.97), ("v1", 0.8), ("v1", 0.9), ("v3", 0.8))
        }
    assert list(asked.values()) == [0.96, 0.6, 0.6, None]


async def test_the_newest_certificate_is_in_force_and_told_by_a_version(database: Database) -> None:
    async with database.begin() as connection:
        assert await certificates.newest(connection) is None
        assert await certificates.last_look(connection) == 0
        first = await certificates.add(connection, certificate())
        unproven = certificate(cause=PROMOTION, state="unproven", seen_up_to=None, bound=None)
        second = await certificates.add(connection, unproven)
    async with database.read() as connection:
        found = await certificates.newest(connection)
        assert found is not None
        assert found._replace(created_at=None) == unproven
        assert (await versions.read(connection))[versions.TRUST] == second == first + 1
        assert [each.cause for each in await certificates.history(connection)] == [PROMOTION, LOOK]


async def test_looks_that_saw_rows_still_in_the_window_are_counted(database: Database) -> None:
    async with database.begin() as connection:
        for seen in (100, 200, 300):
            await certificates.add(connection, certificate(seen_up_to=seen))
        await certificates.add(connection, certificate(cause=PROMOTION, seen_up_to=None))
        assert await certificates.last_look(connection) == 300
        assert await certificates.looks_since(connection, 200) == 2
