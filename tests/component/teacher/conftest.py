"""Gives the teacher's tests a server that speaks OpenAI's language, and a client."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.teacher.client import TeacherClient
from tests.servers.openai_server import OpenAIServer, running


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with running(OpenAIServer()) as started:
        yield started


@pytest.fixture
async def client() -> AsyncIterator[TeacherClient]:
    made = TeacherClient()
    yield made
    stopped = asyncio.Event()
    stopped.set()
    await made.run(stopped)
