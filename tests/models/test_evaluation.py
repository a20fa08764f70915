"""Test sets as they are read, and scores against the definitions, scipy and gensim."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.vectors import benchmarks
from models.vectors.benchmarks import (
    Analogies,
    Question,
    RatedPair,
    Similarities,
    gensim_test_sets,
    read_test_set,
)
from models.vectors.embeddings import Embeddings
from models.vectors.evaluation import (
    average_ranks,
    evaluate_analogies,
    evaluate_similarities,
    spearman,
)

# Few different values, so that many are equal.
tied = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=30)


@given(tied)
def test_ranks_against_the_definition(pairs):
    values = [x for x, _ in pairs]
    expected = [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2
        for value in values
    ]
    assert average_ranks(values).tolist() == expected


@given(tied)
def test_spearman_against_scipy(pairs):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    x, y = zip(*pairs, strict=True)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(spearman(x, y))
    else:
        np.testing.assert_allclose(spearman(x, y), stats.spearmanr(x, y).statistic, atol=1e-14)


def test_spearman_by_hand():
    """Ranks 1 2 3 4 and 1 2.5 2.5 4: ρ = 4.5 / √(5 · 4.5) = √0.9."""
    assert spearman([1, 2, 3, 4], [10, 20, 20, 30]) == pytest.approx(math.sqrt(0.9), rel=1e-15)
    assert spearman([1, 2, 3], [9, 8, -7]) == -1.0
    assert spearman([0.1, 2.0, 3e9], [1, 10, 100]) == 1.0
    assert math.isnan(spearman([], []))
    assert math.isnan(spearman([1], [2]))


def write(tmp_path, text):
    path = tmp_path / "set.txt"
    path.write_text(text, encoding="utf-8")
    return path


RATED = (RatedPair("old", "new", 1.58), RatedPair("tiger", "cat", 7.0))


@pytest.mark.parametrize(
    "text",
    [
        "old\tnew\t1.58\ntiger\tcat\t7\n",
        "# a comment\n\nold\tnew\t1.58\r\ntiger\tcat\t7",
        "Word 1,Word 2,Human (mean)\nold,new,1.58\ntiger,cat,7.00\n",
        "\ufeffold new 1.58\ntiger  cat 7e0\n",
        "word1\tword2\tPOS\tSimLex999\tconc(w1)\nold\tnew\tA\t1.58\t2.72\ntiger\tcat\tN\t7\t5\n",
    ],
    ids=["tabs", "comments", "commas and titles", "spaces", "as SimLex-999 is published"],
)
def test_rated_pairs(text, tmp_path):
    assert read_test_set(write(tmp_path, text)) == Similarities(RATED)


def test_analogies_in_sections(tmp_path):
    path = write(tmp_path, ": family\nking queen man woman\n\n: empty\n: other things\na b c d\n")
    assert read_test_set(path) == Analogies(
        {
            "family": (Question("king", "queen", "man", "woman"),),
            "empty": (),
            "other things": (Question("a", "b", "c", "d"),),
        }
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "set.txt: expected rated pairs or analogies; there is no line of either"),
        ("# nothing\n", "there is no line of either"),
        ("word1 word2 score\n", "set.txt, line 1: expected two words and a number, or ': section'"),
        ("a b 1\nc d\n", "line 2: expected two words and a number; got 'c d'"),
        ("a b 1\nc d nan\n", "line 2: expected two words and a number; got 'c d nan'"),
        ("a b NaN\nc d 1\n", "line 1: expected two words and a number; got 'a b NaN'"),
        ("a b -inf\nc d 1\n", "line 1: expected two words and a number; got 'a b -inf'"),
        ("a b 1\nc d 1e999\n", "line 2: expected two words and a number"),
        (": x\na b c\n", "line 2: expected four words; got 'a b c'"),
    ],
)
def test_a_line_that_is_not_as_it_should_be(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_test_set(write(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_test_set(tmp_path / "absent")
    (tmp_path / "junk").write_bytes(b"a b \xff")
    with pytest.raises(InputError, match="expected text in UTF-8; byte 4 is not"):
        read_test_set(tmp_path / "junk")


def test_gensim_may_be_absent(monkeypatch):
    monkeypatch.setattr(benchmarks, "find_spec", lambda _name: None)
    assert gensim_test_sets() == []


ANIMALS = Embeddings(
    ["cat", "dog", "Car", "car", "bus", "nil"],
    [[1, 0], [0.9, 0.1], [-1, 0.2], [0, 1], [0.2, 0.9], [0, 0]],
)


def test_similarities_of_known_pairs():
    pairs = [("cat", "dog", 9), ("bus", "Cat", 3), ("dog", "car", 1), ("cat", "unicorn", 5)]
    test_set = Similarities(tuple(RatedPair(*pair) for pair in pairs))
    # "car" is the first word that is spelt so, "Car", and the least like a dog.
    assert evaluate_similarities(ANIMALS, test_set) == (1.0, 3, 4)
    assert evaluate_similarities(ANIMALS, test_set, match_case=True) == (1.0, 2, 4)
    rho, known, pairs = evaluate_similarities(ANIMALS, test_set, restrict=2)
    assert (math.isnan(rho), known, pairs) == (True, 1, 4)
    backwards = Similarities(tuple(pair._replace(rating=-pair.rating) for pair in test_set.pairs))
    assert evaluate_similarities(ANIMALS, backwards).rho == -1.0


def test_words_are_alike_when_their_capitals_are():
    """As gensim has it: in small letters ß would not be ss."""
    vectors = Embeddings(["Straße", "way"], [[1.0], [1.0]])
    test_set = Similarities((RatedPair("strasse", "WAY", 1.0),))
    assert evaluate_similarities(vectors, test_set).known == 1
    assert evaluate_similarities(vectors, test_set, match_case=True).known == 0


def test_nothing_known_is_no_error():
    empty = Similarities((RatedPair("x", "y", 1.0),))
    rho, known, pairs = evaluate_similarities(ANIMALS, empty)
    assert (math.isnan(rho), known, pairs) == (True, 0, 1)
    score = evaluate_analogies(ANIMALS, Analogies({"s": (Question("x", "y", "z", "w"),)}))
    assert score.total == ("total", 0, 0, 1)
    assert math.isnan(score.total.accuracy)


def test_restrict_has_to_leave_something():
    with pytest.raises(InputError, match="restrict: expected 1 word or more; got 0"):
        evaluate_similarities(ANIMALS, Similarities(RATED), restrict=0)
    with pytest.raises(InputError, match="restrict: expected 1 word or more; got -1"):
        evaluate_analogies(ANIMALS, Analogies({}), restrict=-1)


SQUARE = Embeddings(
    ["man", "king", "woman", "queen", "QUEEN", "KING"],
    [[1, 0], [1, 1], [0, 0.5], [0, 1.5], [-1, 1], [0.99, 1]],
)


def analogies(*questions):
    return Analogies({"royals": tuple(Question(*question.split()) for question in questions)})


def test_analogies_by_hand():
    test_set = analogies("man king woman queen", "man king woman woman", "man king woman prince")
    score = evaluate_analogies(SQUARE, test_set)
    assert score.sections == (("royals", 1, 2, 3),)
    assert score.total.accuracy == 0.5


def test_capitals_of_the_given_words_are_no_answer():
    """KING is nearest to king - man + man, but it is the king that was given."""
    question = analogies("man king man woman")
    assert evaluate_analogies(SQUARE, question).total.correct == 1
    assert evaluate_analogies(SQUARE, question, match_case=True).total.correct == 0


def test_any_spelling_of_the_expected_word_is_right():
    question = analogies("man king woman QUEEN")
    assert evaluate_analogies(SQUARE, question).total.correct == 1
    assert evaluate_analogies(SQUARE, question, match_case=True).total.correct == 0


def test_a_vocabulary_of_the_given_words_alone_has_no_answer():
    question = analogies("man king woman woman", "man king woman man")
    assert evaluate_analogies(SQUARE.first(3), question).total == ("total", 0, 2, 2)


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.booleans())
def test_analogies_against_the_method_of_embeddings(seed, size, match_case):
    rng = np.random.default_rng(seed)
    words = [f"w{row}" for row in range(8)]
    vectors = Embeddings(words, rng.normal(size=(8, size)).astype(np.float32))
    questions = [Question(*rng.permutation(words)[:4].tolist()) for _ in range(30)]
    expected = sum(vectors.analogy(a, b, c, 1)[0].word == d for a, b, c, d in questions)
    score = evaluate_analogies(vectors, Analogies({"s": tuple(questions)}), match_case=match_case)
    assert score.total == ("total", expected, 30, 30)


@pytest.fixture(scope="module")
def gensim_vectors():
    """The words of the test sets in a random order, some in capitals, as both hold them."""
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    rng = np.random.default_rng(4)
    words = sorted({word for path in gensim_test_sets() for word in words_in(path)})
    words += [word.upper() for word in words[::3] if word.upper() != word]
    words = rng.permutation(words).tolist()
    # Words that share letters are alike, so that some questions come out: walk, walking.
    letters = rng.normal(size=(26, 8))
    vectors = np.array([letters[[ord(c) % 26 for c in word]].mean(axis=0) for word in words])
    vectors = (vectors + rng.normal(0, 0.05, vectors.shape)).astype(np.float32)
    theirs = gensim.KeyedVectors(8)
    theirs.add_vectors(words, vectors)
    return theirs, Embeddings(words, vectors)


def words_in(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        word
        for line in lines
        if not line.startswith(("#", ":"))
        for word in line.split()
        if word.isalpha()
    }


@pytest.mark.parametrize("match_case", [False, True])
@pytest.mark.parametrize("restrict", [300_000, 1_500])
@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
def test_similarities_agree_with_gensims(gensim_vectors, name, restrict, match_case):
    theirs, ours = gensim_vectors
    path = next(path for path in gensim_test_sets() if path.name == name)
    score = evaluate_similarities(
        ours, read_test_set(path), restrict=restrict, match_case=match_case
    )
    _, spearmans, unknown = theirs.evaluate_word_pairs(
        path, restrict_vocab=restrict, case_insensitive=not match_case
    )
    assert score.known > 5
    assert score.rho == pytest.approx(spearmans.statistic, abs=1e-12)
    assert 100 * (1 - score.known / score.pairs) == pytest.approx(unknown)


@pytest.mark.parametrize("match_case", [False, True])
@pytest.mark.parametrize("restrict", [300_000, 1_500])
def test_analogies_agree_with_gensims(gensim_vectors, tmp_path, restrict, match_case):
    theirs, ours = gensim_vectors
    path = thin_out(
        next(p for p in gensim_test_sets() if p.name == "questions-words.txt"), tmp_path
    )
    score = evaluate_analogies(ours, read_test_set(path), restrict=restrict, match_case=match_case)
    accuracy, sections = theirs.evaluate_word_analogies(
        path, restrict_vocab=restrict, case_insensitive=not match_case
    )
    assert [(s.name, s.correct, s.known) for s in score.sections] == [
        (s["section"], len(s["correct"]), len(s["correct"] + s["incorrect"])) for s in sections[:-1]
    ]
    assert 0 < score.total.correct < score.total.known
    assert score.total.accuracy == accuracy


def thin_out(path: Path, folder: Path) -> Path:
    """Keep one question in five: gensim answers some hundreds a second."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for row, line in enumerate(lines) if line.startswith(":") or row % 5 == 0]
    thin = folder / path.name
    thin.write_text("\n".join(kept), encoding="utf-8")
    return thin
