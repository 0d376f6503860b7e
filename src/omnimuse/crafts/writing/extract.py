"""Extractive summaries: the sentences that say most, in their own order and words.

LexRank (Erkan & Radev 2004, arXiv:1109.2128): sentences are nodes, similarities edges; the
stationary distribution of a random walk over them is their centrality. Deviations: similarities are
cosines of sentence embeddings instead of tf-idf, and a sentence too close to one that was
already taken is passed over (maximal marginal relevance, Carbonell & Goldstein 1998).
"""

from __future__ import annotations

import re

import numpy as np

from omnimuse.crafts.writing.forms import Embed

_DAMPING = 0.85
_TOO_CLOSE = 0.85
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]+[\"')\]]*|[^.!?。！？\n]+$", re.MULTILINE)


def split_sentences(text: str) -> list[str]:
    """Sentences of English or Chinese text, without surrounding space."""
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


def summarize(text: str, count: int, embed: Embed) -> list[str]:
    """The `count` most central sentences in their own order.

    Args:
        text: at most some thousand sentences.
        count: how many to keep.
        embed: unit-length sentence vectors.
    """
    sentences = split_sentences(text)
    if len(sentences) <= count:
        return sentences
    vectors = embed(sentences)
    similarity = np.clip(vectors @ vectors.T, 0.0, None)
    walk = similarity / similarity.sum(axis=1, keepdims=True)
    rank = np.full(len(sentences), 1.0 / len(sentences))
    for _ in range(60):
        rank = (1 - _DAMPING) / len(sentences) + _DAMPING * (walk.T @ rank)
    chosen: list[int] = []
    for index in np.argsort(-rank, kind="stable"):
        if all(similarity[index, other] < _TOO_CLOSE for other in chosen):
            chosen.append(int(index))
        if len(chosen) == count:
            break
    return [sentences[index] for index in sorted(chosen)]
