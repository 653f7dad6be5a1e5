"""What a batch knows of its conversations, and what it has changed in them so far."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from services.conversations.turns import Outcome, ended, opened
from services.storage.conversations import Conversation, Message, ProviderId
from services.storage.turns import GATHERING, OPEN, Turn


class Tally(NamedTuple):
    """Something to count once the transaction is committed."""

    what: str
    label: str


@dataclass
class Picture:
    """Rows as they were read under the conversations' locks, then as the events left them."""

    conversations: dict[str, Conversation]
    turns: dict[str, Turn]
    messages: dict[str, Message]
    replies: Mapping[str, int]
    """Replies of the bot's that each conversation had lately."""
    tally: Counter[Tally] = field(default_factory=Counter)
    _latest: dict[str, Turn] = field(default_factory=dict)
    _taken: dict[ProviderId, str] = field(default_factory=dict)
    _changed_conversations: set[str] = field(default_factory=set)
    _changed_turns: set[str] = field(default_factory=set)
    _received: list[Message] = field(default_factory=list)
    _changed_outgoing: set[str] = field(default_factory=set)
    _released: list[str] = field(default_factory=list)
    _arrivals: int = 0

    @classmethod
    def of(
        cls,
        conversations: dict[str, Conversation],
        turns: Iterable[Turn],
        messages: Iterable[Message],
        replies: Mapping[str, int],
    ) -> "Picture":
        """Draw it from what was read."""
        picture = cls(conversations, {}, {}, replies)
        for turn in turns:
            picture._know_turn(turn)
        for message in messages:
            picture._know_message(message)
        return picture

    def _know_turn(self, turn: Turn) -> None:
        self.turns[turn.id] = turn
        latest = self._latest.get(turn.conversation_id)
        if latest is None or turn.ordinal >= latest.ordinal:
            self._latest[turn.conversation_id] = turn

    def _know_message(self, message: Message) -> None:
        self.messages[message.id] = message
        if message.provider_message_id is not None:
            self._taken[message.gateway, message.provider_message_id] = message.id

    def owner_of(self, gateway: str, provider_message_id: str) -> str | None:
        """The id of the message that goes by this name at its provider."""
        return self._taken.get((gateway, provider_message_id))

    def arrived_at(self, now: datetime) -> datetime:
        """A moment for each message of the batch, so that the history keeps their order."""
        self._arrivals += 1
        return now + timedelta(microseconds=self._arrivals)

    def latest(self, conversation_id: str) -> Turn | None:
        """The conversation's newest turn."""
        return self._latest.get(conversation_id)

    def gathering(self, conversation_id: str) -> Turn | None:
        """The turn that gathers messages: only the newest one can."""
        turn = self.latest(conversation_id)
        return turn if turn and turn.state == GATHERING else None

    def current(self, conversation_id: str) -> Turn | None:
        """The turn that is open."""
        turn = self.turns.get(self.conversations[conversation_id].open_turn_id or "")
        return turn if turn and turn.state == OPEN else None

    def change_conversation(self, conversation: Conversation) -> None:
        """Put a conversation's new state."""
        if self.conversations[conversation.id] != conversation:
            self.conversations[conversation.id] = conversation
            self._changed_conversations.add(conversation.id)

    def change_turn(self, turn: Turn) -> None:
        """Put a new turn, or a turn's new state."""
        if self.turns.get(turn.id) != turn:
            self._know_turn(turn)
            self._changed_turns.add(turn.id)

    def add_received(self, message: Message) -> None:
        """Put a message that a person wrote."""
        self._know_message(message)
        self._received.append(message)
        self._changed_conversations.add(message.conversation_id)

    def change_outgoing(self, message: Message) -> None:
        """Put a reply of ours, or what became of it."""
        if self.messages.get(message.id) != message:
            self._know_message(message)
            self._changed_outgoing.add(message.id)
            self._changed_conversations.add(message.conversation_id)

    def release(self, turn: Turn, deadline_at: datetime, now: datetime) -> None:
        """Open a turn."""
        self.change_turn(opened(turn, deadline_at, now))
        self._point_at(turn.conversation_id, turn.id)
        self._released.append(turn.id)

    def end(self, turn: Turn, outcome: Outcome, by: str, now: datetime) -> None:
        """End a turn that gathers or is open."""
        self.change_turn(ended(turn, outcome, by, now))
        if self.conversations[turn.conversation_id].open_turn_id == turn.id:
            self._point_at(turn.conversation_id, None)
        if turn.id in self._released:
            self._released.remove(turn.id)
        self.count("closed", outcome)

    def _point_at(self, conversation_id: str, turn_id: str | None) -> None:
        known = self.conversations[conversation_id]
        self.change_conversation(replace(known, open_turn_id=turn_id))

    def count(self, what: str, label: str) -> None:
        """Note something for the metrics."""
        self.tally[Tally(what, label)] += 1

    def changed_conversations(self, now: datetime) -> list[Conversation]:
        """The conversations to write."""
        changed = sorted(self._changed_conversations)
        return [replace(self.conversations[each], updated_at=now) for each in changed]

    def changed_turns(self) -> list[Turn]:
        """The turns to write."""
        return [self.turns[turn_id] for turn_id in sorted(self._changed_turns)]

    def received(self) -> list[Message]:
        """The messages to add to the history."""
        return self._received

    def changed_outgoing(self) -> list[Message]:
        """The replies to write."""
        return [self.messages[message_id] for message_id in sorted(self._changed_outgoing)]

    def released(self) -> list[Turn]:
        """The turns that were opened, in the order in which they were."""
        return [self.turns[turn_id] for turn_id in self._released]

    def next_moments(self) -> Iterator[datetime]:
        """When the changed turns want to be looked at again; behind an open one nothing is due."""
        for turn in self.changed_turns():
            if turn.state == OPEN and turn.deadline_at:
                yield turn.deadline_at
            elif turn.release_at and self._can_be_released(turn):
                yield turn.release_at

    def _can_be_released(self, turn: Turn) -> bool:
        return turn.state == GATHERING and self.current(turn.conversation_id) is None
