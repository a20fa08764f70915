"""One update of word2vec worked by hand, every number shown."""

from gradcheck.word2vec.walkthrough.one_step import Walkthrough, walk

__all__ = ["Walkthrough", "walk"]
