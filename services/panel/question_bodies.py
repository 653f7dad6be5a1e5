"""What the API takes and gives where a person is asked: questions to answer, turns to label."""

from datetime import datetime

from pydantic import BaseModel

from services.panel.bodies import Name, Taken, Words


class Answer(Taken):
    """A person's answer to a question, and what the customer meant."""

    text: Words
    """What the customer is answered."""
    intent: Name | None
    """The intent of the customer's words; null: none of the catalogue fits."""
    person: Name
    """Who answers."""


class Label(Taken):
    """What a customer meant, in the eyes of a person."""

    intent: Name | None
    """The intent of the customer's words; null: none of the catalogue fits."""
    person: Name
    """Who says so."""


class Question(BaseModel):
    """A turn that waits for a person."""

    turn_id: str
    conversation_id: str
    gateway: str
    text: str | None
    reason: str
    created_at: datetime


class Questions(BaseModel):
    """Questions that wait, the oldest first."""

    questions: tuple[Question, ...]


class Check(BaseModel):
    """A turn that a person is asked to label, without what student and teacher said of it."""

    turn_id: str
    text: str
    why: str
    """`agreement`: both said the same, and it was drawn; `disagreement`: neither gave way."""
    created_at: datetime


class Checks(BaseModel):
    """Turns that wait for a label, the oldest first."""

    checks: tuple[Check, ...]


class Answered(BaseModel):
    """The turn that was answered, or labelled."""

    turn_id: str
