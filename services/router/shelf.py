"""Finds the products that a customer's words name, among all that a shop sells."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from services.router.words import DESCRIBING, DETAIL, PLAIN, fold, one_slip, root, roots
from services.storage.shop import Product

_SHORTEST_WORD, _SHORTEST_ROOT = 5, 4  # letters in which a slip is forgiven
_MOST_WORDS = 40  # of a text that are looked up: thousands would hold up every other customer
_SIZE_FOLLOWS = frozenset({"talla", "tallas", "numero", "calzo"})
_SIZE = re.compile(r"\d{1,2}|[sml]")


class Shelf:
    """The products of a shop, indexed by the roots of their words."""

    def __init__(self, products: Sequence[Product]) -> None:
        """Index names, categories and SKUs."""
        self.products = products
        self._holders: dict[str, set[int]] = defaultdict(set)
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        self._heads: list[str] = []
        for place, product in enumerate(products):
            words = roots(fold(product.name))
            self._heads.append(words[0] if words else "")
            for word in (*words, *_of(product.category), *_of(product.sku)):
                self._holders[word].add(place)
        for key in self._holders:
            self._by_letter[key[:1]].append(key)

    def find(self, text: str) -> list[Product]:
        """The products that `text` names, in the shelf's order; colours and sizes tell them apart.

        Of those that share a word with the text, the ones that share most.
        """
        hits = [(key, self._holders[key]) for word in asked_words(text) for key in self._keys(word)]
        shared = Counter(place for _, places in hits for place in places)
        found: set[int] = set()
        for key, places in hits:
            named = [each for each in places if self._names(key, each)]
            most = max((shared[each] for each in named), default=0)
            found.update(each for each in named if shared[each] == most)
        return [self.products[place] for place in sorted(found)]

    def _keys(self, word: str) -> list[str]:
        """The roots on the shelf that a word may mean: its own, else those one slip away."""
        key = root(word)
        if key in self._holders:
            return [key]
        if len(word) < _SHORTEST_WORD or any(map(str.isdigit, word)):
            return []
        alike = [each for each in self._by_letter[key[:1]] if one_slip(each, key)]
        return [each for each in alike if min(len(each), len(key)) >= _SHORTEST_ROOT]

    def _names(self, key: str, place: int) -> bool:
        """A colour names no product, unless the name begins with it: `Café molido`."""
        return not (key in DESCRIBING or key.isdigit()) or self._heads[place] == key


@lru_cache(1)
def shelf_of(products: tuple[Product, ...]) -> Shelf:
    """The shelf of these products; the same one as last time while nothing on it has changed."""
    return Shelf(products)


def asked_words(text: str) -> list[str]:
    """The first words of `text` that may be a product's, each once."""
    words = (word for word in fold(text) if word not in PLAIN and len(word) > 1)
    return list(dict.fromkeys(words))[:_MOST_WORDS]


def names_something(text: str) -> bool:
    """Whether `text` has words that may name a product, on the shelf or not."""
    return any(root(word) not in DESCRIBING and not word.isdigit() for word in asked_words(text))


def details(text: str) -> set[str]:
    """The roots of the colours and sizes in `text`; a lone letter or number only after `talla`."""
    words = fold(text)
    sizes = (
        after for word, after in pairwise(words) if word in _SIZE_FOLLOWS and _SIZE.fullmatch(after)
    )
    return {*sizes, *(root(word) for word in words if root(word) in DETAIL)}


def mentions(product: Product, wanted: Iterable[str]) -> bool:
    """Whether the product's own words hold all the roots in `wanted`."""
    return set(wanted) <= {*roots(fold(product.name)), *_of(product.category)}


def _of(text: str | None) -> list[str]:
    return roots(fold(text or ""))
