"""A shop in one process, without any server or key, answers what people really type."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import pytest

from services.cli.line import open_line
from tests.e2e.embedded import Home
from tests.e2e.program import APRENDIZ, Program
from tests.e2e.shop import BUSY, UNPUBLISHED
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(300)

PHRASES = json.loads((Path(__file__).parents[1] / "everyday_phrases.json").read_text())
ANSWERS = (
    "SELECT COUNT(*) AS answers FROM simulated_phone WHERE conversation_id LIKE 'killed-%' "
    "GROUP BY conversation_id"
)
SURE = {each["text"]: each["intent"] for each in PHRASES if each["router"]}


@pytest.fixture(scope="module")
async def home(folder: Path) -> AsyncIterator[Home]:
    """A new shop that runs."""
    home = Home(folder / "embedded")
    try:
        await home.open()
        yield home
        assert await home.program.stop() == 0
    finally:
        await home.program.kill()


async def test_everyday_phrases_are_answered_by_the_router_without_a_key(home: Home) -> None:
    answered: dict[str, tuple[str, str | None]] = {}
    async with open_line(home.here, None) as line:
        for place, phrase in enumerate(SURE):
            line.conversation_id = f"simulado-phrase-{place}"
            await line.say(phrase)
            async with asyncio.timeout(30):
                answer = await line.answer(perf_counter())
            assert answer.delivered
            answered[phrase] = (answer.reply.author, answer.reply.intent)
    assert answered == {phrase: ("router", intent) for phrase, intent in SURE.items()}


@pytest.mark.parametrize("phrase", list(SURE)[::15])
async def test_send_shows_who_answered_and_why(home: Home, phrase: str) -> None:
    sent = await home.send(phrase)
    assert (sent["author"], sent["intent"]) == ("router", SURE[phrase])
    assert (sent["reason"], sent["delivered"]) == ("accepted", True)
    assert sent["confidence"] >= 0.8
    assert sent["why"].startswith(f"router · accepted: {SURE[phrase]}")


@pytest.mark.parametrize("words", ["", "😀🔥🌵", "x" * 10_000, "\u202e\x07;-- <b>"])
async def test_nonsense_is_answered_too(home: Home, words: str) -> None:
    sent = await home.send(words)
    assert sent["reply"]
    assert sent["delivered"]


async def test_words_that_are_not_unicode_are_refused_without_a_traceback(home: Home) -> None:
    refused = await home.command("send", "--wait", b"hola \xff\xfe")
    assert refused.code == 1
    words = "aprendiz: Not sent: text: contains a lone surrogate: encode the text as valid Unicode"
    assert refused.err == f"{words}\n"


async def test_kill_9_in_the_middle_of_work_loses_nothing_and_doubles_nothing(home: Home) -> None:
    chats = 60
    phrases = ("hola buenas tardes", "soñé que volaba sobre el mar", "muchas gracias")

    async def answers() -> list[int]:
        return [row.answers for row in await home.rows(ANSWERS)]

    async with open_line(home.here, None) as line:
        for place in range(chats):
            line.conversation_id = f"killed-{place}"
            await line.say(phrases[place % len(phrases)])
        await until(answers, "work is under way")
        await home.program.kill()
    done = len(await answers())
    await home.start()

    async def at_rest() -> bool:
        [(busy,)], [(unpublished,)] = await home.rows(BUSY), await home.rows(UNPUBLISHED)
        return len(await answers()) == chats and busy == unpublished == 0

    await until(at_rest, f"the {chats - done} others are answered")
    assert await answers() == [1] * chats
    assert await home.rows("SELECT COUNT(*) FROM mensajes_fallidos") == [(0,)]


async def test_a_second_shop_on_a_busy_port_says_which_setting_to_change(home: Home) -> None:
    second = await home.command("run", "all", "--no-chat")
    assert second.code == 1
    assert "APRENDIZ_HTTP_PORT" in second.err
    assert "Traceback" not in second.err


async def test_commands_look_at_a_shop_that_runs(home: Home) -> None:
    commands = {
        "doctor": ["doctor", "--json"],
        "tables": ["db", "check", "--json"],
        "models": ["models", "list", "--json"],
        "failures": ["failures", "list", "--json"],
    }
    ran = {name: await home.command(*arguments) for name, arguments in commands.items()}
    assert {name: each.code for name, each in ran.items()} == dict.fromkeys(commands, 0)
    said = {name: json.loads(each.out) for name, each in ran.items()}
    assert all(each["ok"] for each in said["doctor"].values())
    assert said["tables"] == {"schema": "current"}
    assert any("champion" in each["aliases"] for each in said["models"])
    assert said["failures"] == []
    topology = await home.command("topology", "check")
    assert topology.code == 0, topology
    assert "aprendiz.conversations" in topology.out


async def test_train_watches_a_training_to_its_end(home: Home) -> None:
    trained = await home.command("train", "--json")
    assert trained.code == 0, trained
    assert json.loads(trained.out)["state"] in ("promoted", "refused")


async def test_tap_shows_events_and_takes_nothing_from_anyone(home: Home) -> None:
    tap = Program("tap", [APRENDIZ, "tap", "--json"], home.folder, home.settings)
    tap.start()
    try:

        async def seen() -> set[str]:
            sent = await home.send("hola buenas tardes")
            assert sent["author"] == "router"
            events = [json.loads(line) for line in tap.log.read_text().splitlines()]
            types = {e["type"] for e in events if e["subject"] == sent["conversation_id"]}
            # A tap that has just begun may have missed the first of them.
            return types if types >= {"turn.ready", "intent.classified.confident"} else set()

        assert "reply.sent" in await until(seen, "tap shows events")
    finally:
        await tap.kill()
