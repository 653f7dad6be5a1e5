"""Says where an order is, to the one who ordered; asks for its number when none is given."""

import re

from contracts.events import Contact
from services.router.actions.handoff import note_of
from services.router.case import Action, Case, Escalate, Handoff, Needs, Outcome, Reply
from services.router.order_numbers import Numbers, find_numbers
from services.router.replies import other_reply, reply

_SHORTEST_PHONE, _TELLING = 8, 9  # digits: a local number's, and what tells two numbers apart
_LETTER = re.compile(r"[^\W\d_]")
_PHONE_ID = re.compile(r"\+?(\d{8,15})(?:@(?:c\.us|s\.whatsapp\.net))?")


def _needs(case: Case) -> Needs:
    numbers = _numbers(case)
    return Needs(orders=(*numbers.named, *numbers.possible), keeps_orders=True)


def _act(case: Case) -> Outcome:
    if not case.found.keeps_orders:
        return Escalate("the shop has no orders here")
    numbers = _numbers(case)
    orders = case.found.orders
    known = [number for number in (*numbers.named, *numbers.possible) if number in orders]
    if known:
        return _status(case, known[0])
    if numbers.named:
        unknown = other_reply(case, "not_found", order=numbers.named[0])
        return Reply(unknown, asks=case.intent.name)
    if case.asked_already:
        return Escalate("the answer holds no order number")
    return Reply(other_reply(case, "ask"), asks=case.intent.name)


def _status(case: Case, number: str) -> Outcome:
    order = case.found.orders[number]
    if order.contact and not belongs_to(order.contact, case.turn.contact):
        return Handoff(other_reply(case, "private", order=order.number), note_of(case))
    if not order.state:
        return Escalate("the order has no state")
    expected = f" ({order.expected})" if order.expected else ""
    return Reply(reply(case, order=order.number, status=f"{order.state}{expected}"))


def _numbers(case: Case) -> Numbers:
    return find_numbers(case.turn.text, asked=case.asked_already)


def belongs_to(buyer: str, contact: Contact) -> bool:
    """Whether the buyer's id or phone is the contact's.

    Phones are compared by their last digits: shops note them with and without the country's code,
    and Mexico and Argentina put a digit between code and number.
    """
    if buyer == contact.id:
        return True
    phone_id = _PHONE_ID.fullmatch(contact.id)
    phones = (contact.phone, phone_id[1] if phone_id else None)
    return any(_same_phone(buyer, phone) for phone in phones if phone)


def _same_phone(one: str, other: str) -> bool:
    if _LETTER.search(one) and not _PHONE_ID.fullmatch(one):  # an id, whose digits are no phone's
        return False
    a, b = re.sub(r"\D", "", one), re.sub(r"\D", "", other)
    shared = min(len(a), len(b), _TELLING)
    return shared >= _SHORTEST_PHONE and a[-shared:] == b[-shared:]


ACTION = Action(_act, _needs)
