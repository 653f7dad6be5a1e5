"""The simple contender: TF-IDF of words and logistic regression, as scikit-learn gives them."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from services.learning.judging.evaluation import TARGETS, Evaluation, evaluate, guesses_on
from services.learning.student import Example

FOLDS = 5


def judge(rows: Sequence[Example], test: Sequence[Example]) -> Evaluation:
    """The same figures as ours; thresholds from its own out-of-fold probabilities."""
    texts, intents = [row.text for row in rows], np.array([row.intent for row in rows])
    fitted = _pipeline().fit(texts, intents)
    # Fewer rows than folds in an intent: that intent is then missing from some folds.
    held_out = cross_val_predict(_pipeline(), texts, intents, cv=FOLDS, method="predict_proba")
    names, taught = tuple(map(str, fitted.classes_)), set(map(str, intents))
    guesses = guesses_on(names, fitted.predict_proba([row.text for row in test]), test, taught)
    out_of_fold = guesses_on(names, held_out, rows, taught)
    return evaluate(guesses, out_of_fold, rows=test, targets=TARGETS)


def _pipeline() -> Pipeline:
    return make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
