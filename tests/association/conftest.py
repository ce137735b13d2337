"""Slow, plainly right versions of what crmml.association computes."""

from collections import Counter
from fractions import Fraction
from itertools import chain, combinations

import pytest


def _enumerate_itemsets(baskets, min_count, max_length=None):
    """Count every subset of every basket and keep the frequent ones."""
    counts = Counter()
    for basket in map(set, baskets):
        longest = len(basket) if max_length is None else min(len(basket), max_length)
        subsets = chain.from_iterable(
            combinations(basket, size) for size in range(1, longest + 1)
        )
        counts.update(map(frozenset, subsets))
    return {itemset: n for itemset, n in counts.items() if n >= min_count}


def _enumerate_rules(baskets, min_count, min_confidence, min_lift=None):
    """Split every frequent itemset both ways; measures in exact fractions."""
    counts = _enumerate_itemsets(baskets, min_count)
    n = len(baskets)
    rules = {}
    for whole, together in counts.items():
        for size in range(1, len(whole)):
            for first in map(frozenset, combinations(whole, size)):
                then = whole - first
                confidence = Fraction(together, counts[first])
                lift = Fraction(together * n, counts[first] * counts[then])
                if confidence < min_confidence:
                    continue
                if min_lift is not None and lift < min_lift:
                    continue
                rules[first, then] = _measure(together, counts[first], counts[then], n)
    return rules


def _measure(together, first, then, n):
    both, a, b = Fraction(together, n), Fraction(first, n), Fraction(then, n)
    largest = max(both * (1 - a), a * (b - both))
    return {
        "antecedent_count": first,
        "consequent_count": then,
        "count": together,
        "support": both,
        "confidence": both / a,
        "lift": both / (a * b),
        "leverage": both - a * b,
        "conviction": float("inf") if both == a else (1 - b) / (1 - both / a),
        "zhang": (both - a * b) / largest if largest else Fraction(0),
        "jaccard": both / (a + b - both),
    }


@pytest.fixture(scope="session")
def enumerate_itemsets():
    return _enumerate_itemsets


@pytest.fixture(scope="session")
def enumerate_rules():
    return _enumerate_rules


@pytest.fixture(scope="session")
def diapers_and_beer():
    return [
        ["Bread", "Milk"],
        ["Bread", "Diapers", "Beer", "Eggs"],
        ["Milk", "Diapers", "Beer", "Cola"],
        ["Bread", "Milk", "Diapers", "Beer"],
        ["Bread", "Milk", "Diapers", "Cola"],
    ]
