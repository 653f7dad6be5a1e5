"""Lines up what a champion said, once and now, with the rows that a challenger is judged on."""

from collections.abc import Sequence

import numpy as np

from services.learning.arrays import Mask, Places
from services.learning.normalise import normalise
from services.learning.out_of_fold import NOWHERE, OutOfFold, by_text
from services.learning.student import Student


def line_up(
    texts: Sequence[str], today: OutOfFold, champion: Student, kept: OutOfFold, language: str
) -> OutOfFold:
    """The champion's answers on the rows of `today` (their `texts`), under today's labels.

    A row that it learned from has the answer that was `kept`; so has another row of the same text,
    which the champion has seen as well. The rest it never saw: it is asked. Its names follow
    today's, where they differ.
    """
    place = _places(texts, today, kept, language)
    learned, fresh = place != NOWHERE, np.flatnonzero(place == NOWHERE).tolist()
    names = {name: number for number, name in enumerate(today.intents)}
    for name in (*kept.intents, *champion.intents):
        names.setdefault(name, len(names))  # an intent that is gone: no row means it any more
    renamed = np.array([names[name] for name in kept.intents], dtype=today.said.dtype)
    asked = champion.predict([texts[row] for row in fresh])
    said, sure = np.empty_like(today.said), np.empty_like(today.sure)
    said[learned], sure[learned] = renamed[kept.said[place[learned]]], kept.sure[place[learned]]
    said[fresh] = [names[each.intent] for each in asked]
    sure[fresh] = [each.confidence for each in asked]
    return OutOfFold(tuple(names), today.ids, said, sure, today.truth)


def is_known(kept: OutOfFold, today: OutOfFold) -> Mask:
    """Whether the champion learned from a row of `today`, and under the label it has today."""
    place = kept.places(today.ids)
    learned = place != NOWHERE
    before, now = np.array(kept.intents)[kept.truth], np.array(today.intents)[today.truth]
    learned[learned] = before[place[learned]] == now[learned]
    return np.asarray(learned)


def unchanged(kept: OutOfFold, today: OutOfFold) -> bool:
    """Whether both learned from the same rows under the same labels."""
    return len(kept) == len(today) and bool(is_known(kept, today).all())


def _places(texts: Sequence[str], today: OutOfFold, kept: OutOfFold, language: str) -> Places:
    """Where in `kept` a row's answer is, by its id, else by its text."""
    places = kept.places(today.ids)
    plain = [normalise(text, language) for text in texts]
    learned = {plain[row]: int(places[row]) for row in np.flatnonzero(places != NOWHERE)}
    return by_text(places, plain, learned)
