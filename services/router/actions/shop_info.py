"""Says a fact of the shop, its hours or address; escalates while the shop hasn't given it."""

from contracts.catalogue import placeholders
from services.router.case import Action, Case, Escalate, Outcome, Reply
from services.router.replies import reply


def _act(case: Case) -> Outcome:
    facts = {"hours": case.shop.hours, "address": case.shop.address}
    missing = [name for name in placeholders(case.intent.reply or "") if facts.get(name) == ""]
    if missing:
        return Escalate(f"the settings don't say the shop's {' and '.join(sorted(missing))}")
    return Reply(reply(case))


ACTION = Action(_act)
