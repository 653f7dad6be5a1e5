"""What a model said of its own training rows while they were held out: kept for later comparisons.

A comparison needs the champion's answers on rows that it did not learn from. Kept from its
training, they cost nothing; without them the champion would have to be fitted again, fold by fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.learning.arrays import Mask, Places
from services.learning.trained import Trained

Ids = npt.NDArray[np.int64]
Intents = npt.NDArray[np.uint16]
Sureness = npt.NDArray[np.float32]
NOWHERE = -1


# Arrays have no single truth, so that two of these are not equal or unequal as a whole.
@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """A model's answers on rows it did not learn from: arrays of one element a row, and the names.

    `ids` are the rows' sample ids; `said` is the likeliest intent as its place in `intents`, `sure`
    its confidence in [0, 1]; `truth` is the place of the row's label. 16 bytes a row.
    """

    intents: tuple[str, ...]
    ids: Ids
    said: Intents
    sure: Sureness
    truth: Intents

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, rows: Mask | Places) -> "OutOfFold":
        """The answers on those rows alone; places may name a row more than once."""
        return OutOfFold(
            self.intents, self.ids[rows], self.said[rows], self.sure[rows], self.truth[rows]
        )

    def places(self, ids: Sequence[int] | Ids) -> Places:
        """Where the answer on each row is; NOWHERE for one that the model did not learn from."""
        place = {int(each): number for number, each in enumerate(self.ids)}
        return np.array([place.get(int(each), NOWHERE) for each in ids], dtype=np.int64)


def by_text(places: Places, texts: Sequence[str], learned: Mapping[str, int]) -> Places:
    """`places`, with that of a `learned` text for rows of the same one that have none.

    Equal texts are held out together, so that one has the answer on all. `texts` are normalised.
    """
    others = [learned.get(text, NOWHERE) for text in texts]
    return np.where(places == NOWHERE, np.array(others, dtype=np.int64), places)


def keep(trained: Trained, ids: Sequence[int]) -> OutOfFold:
    """What a training's folds said; `ids` are the sample ids of its `examples`, in their order.

    Raises ValueError when there are more or fewer ids than rows.
    """
    if len(ids) != len(trained.examples):
        raise ValueError(f"{len(ids)} sample ids for {len(trained.examples)} training rows")
    intents = trained.student.intents
    place = {name: number for number, name in enumerate(intents)}
    return OutOfFold(
        intents=intents,
        ids=np.array(ids, dtype=np.int64),
        said=trained.out_of_fold.argmax(axis=1).astype(np.uint16),
        sure=trained.out_of_fold.max(axis=1).astype(np.float32),
        truth=np.array([place[row.intent] for row in trained.examples], dtype=np.uint16),
    )
