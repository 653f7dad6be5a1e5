"""Trains a student: folds to learn what its scores are worth, and a fit on everything."""

from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Floats, Places
from services.learning.measures import measure
from services.learning.normalise import normalise
from services.learning.recipe.counting import Counts, count
from services.learning.recipe.familiarity import belief, enough_of, held_out_familiarity
from services.learning.recipe.fitting import MACHINES, Fit, blend, fit, score, weights
from services.learning.recipe.folds import deal
from services.learning.recipe.names import by_name
from services.learning.recipe.strangers import learn_bar
from services.learning.spelling import Spelling, own_words
from services.learning.student import Example, LinearStudent, probabilities_of
from services.learning.trained import FEWEST_TEXTS, Trained

# Told what is being done, and the share of the work that is behind, in [0, 1].
Progress = Callable[[str, float], None]


class TrainingDataError(ValueError):
    """Nothing can be learned from these rows; the message says what is missing."""


def train(
    examples: Sequence[Example],
    *,
    language: str = "es",
    seed: int = 0,
    progress: Progress = lambda _stage, _share: None,
) -> Trained:
    """The same rows and seed give the same student; raises TrainingDataError for too few rows."""
    # The matrices are too small for more threads, which wait for one another by spinning: that took
    # half as much processor time again, and on a busy machine a minute for a second's work.
    with threadpool_limits(1, user_api="blas"):
        return _train(examples, language, seed, progress)


def _train(examples: Sequence[Example], language: str, seed: int, progress: Progress) -> Trained:
    progress("counting", 0.0)
    spelt = [normalise(row.text, language) for row in examples]
    taught, left_out = learnable(spelt, [row.intent for row in examples])
    rows, texts = [examples[place] for place in taught], [spelt[place] for place in taught]
    intents = sorted({row.intent for row in rows})
    truth = np.array([intents.index(row.intent) for row in rows])
    folds = deal(texts, [row.intent for row in rows], seed=seed)
    different = len(set(texts))
    if (folds == folds[0]).all():  # possible where intents share their few texts
        raise TrainingDataError(
            f"{different} different texts are too few to hold some of them out. Add examples."
        )
    own = own_words(texts)
    spelling = Spelling(language, own)
    counts = count([spelling.read(text.split()) for text in texts], language)
    familiar = held_out_familiarity(counts, folds)
    enough = enough_of(familiar[[row.intent != OUT_OF_SCOPE for row in rows]])
    named, believed = by_name(intents, language), belief(familiar, enough)
    scores, fitted = held_out_scores(counts, truth, folds, named, believed, seed, progress)
    factors = blend(scores, truth, different)
    learned = weights(counts, fitted, intents, language, own, factors, enough)
    blended: Floats = np.tensordot(factors, scores, 1)
    if strange := learn_bar(blended, truth, intents, different):
        learned, blended = strange.on_weights(learned), strange.on_scores(blended)
    out_of_fold = probabilities_of(blended, 1.0, believed)
    progress("done", 1.0)
    return Trained(
        student=LinearStudent(learned),
        examples=tuple(rows),
        taught=np.array(taught, dtype=np.int64),
        folds=folds,
        out_of_fold=out_of_fold,
        measures=measure(out_of_fold, truth, intents),
        left_out=left_out,
    )


def held_out_scores(
    counts: Counts,
    truth: Places,
    folds: Places,
    named: Floats,
    believed: Floats,
    seed: int,
    progress: Progress,
) -> tuple[Floats, Fit]:
    """Scores (machines, rows, intents) of every row by a fit on the other folds; a fit on all.

    What a row says counts as much as it is `believed`, in [0, 1]; `named` is what the intents are
    called.
    """
    scores = np.empty((MACHINES, len(truth), named.shape[1]))
    held_out = [folds == fold for fold in np.unique(folds)]
    everything = np.ones_like(folds, dtype=bool)
    shown = np.stack([*(~held for held in held_out), everything], axis=1)
    fits = fit(counts, truth, shown, named, seed)
    progress("fitting", 0.0)  # several fits come at once, and the first ones take a while
    for number, held in enumerate(held_out, 1):
        fitted = next(fits)
        progress(f"fold {number} of {len(held_out)}", number / len(shown.T))
        rows = np.flatnonzero(held)
        scores[:, rows] = score(counts, fitted, rows, believed[rows])
    return scores, next(fits)


def learnable(texts: Sequence[str], intents: Sequence[str]) -> tuple[list[int], tuple[str, ...]]:
    """Places of the rows that teach something, and the intents with too few different texts.

    `texts` are normalised. One of which nothing is left would teach that its intent is meant by
    whatever can't be read.
    """
    different: dict[str, set[str]] = {name: set() for name in intents}
    for text, intent in zip(texts, intents, strict=True):
        if text:
            different[intent].add(text)
    left_out = tuple(sorted(name for name, of in different.items() if len(of) < FEWEST_TEXTS))
    if len(different) - len(left_out) < 2:
        raise TrainingDataError(
            f"A student needs at least two intents with {FEWEST_TEXTS} different texts each; "
            f"{len(texts)} rows hold {len(different) - len(left_out)}. Texts that differ in "
            "digits, accents or punctuation alone count once. Add examples, or take the "
            "catalogue's own as well."
        )
    rows = enumerate(zip(texts, intents, strict=True))
    return [place for place, (text, name) in rows if text and name not in left_out], left_out
