"""Hierarchical softmax in the trainer: its tree, minibatch, compiled sister and training."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradcheck
from gradcheck.strategies import generators
from gradcheck.word2vec import oracle
from gradcheck.word2vec.paths import PathCase, huffman_paths
from models import checkpoints, minibatch, tree
from models.commands.spot_checks import check_update
from models.losses import hierarchical_softmax
from models.options import Options
from models.pairs import PathBatch
from models.reading.corpus import encode
from models.training import Training
from models.tree import huffman
from tests.models.samples import mutated

RATE = 0.125


def ordered(counts):
    return np.array(sorted(counts, reverse=True), dtype=np.int64)


counts = st.lists(st.integers(1, 20), min_size=2, max_size=30).map(ordered)


def paths_of(tree):
    return [
        (tuple(nodes[nodes >= 0].tolist()), tuple(signs[nodes >= 0].tolist()))
        for nodes, signs in zip(*tree, strict=True)
    ]


def is_the_heaps(counts, module=tree):
    """The tree of word2vec.c's two queues is the one that a heap makes."""
    found = module.huffman(counts)
    assert paths_of(found) == list(huffman_paths(counts.tolist()))
    assert not found.signs[found.nodes < 0].any()


@given(counts)
def test_the_tree_is_that_of_a_heap(counts):
    is_the_heaps(counts)


MISTAKEN_TREES = {
    "ties": ("totals[word] < totals[node]", "totals[word] <= totals[node]"),
    "left is right": ("for way in (1, -1)", "for way in (-1, 1)"),
    "from the leaf": ("lengths - 1 - np.arange", "0 * lengths + np.arange"),
    "a node that was not made": ("node == new or ", ""),
}


@pytest.mark.parametrize("mistake", MISTAKEN_TREES)
def test_a_planted_mistake_in_the_tree_is_seen(mistake):
    module = mutated(tree, dict([MISTAKEN_TREES[mistake]]))
    for one in ([9, 5, 2, 2, 1, 1], [1, 1]):
        is_the_heaps(np.array(one))
    with pytest.raises((AssertionError, IndexError)):  # noqa: PT012 - either example may show it
        for one in ([9, 5, 2, 2, 1, 1], [1, 1]):
            is_the_heaps(np.array(one), module)


def test_paths_grow_as_fibonaccis_numbers_do():
    """The deepest tree: with 80 words of these counts, text of 6e16 words has paths of 79."""
    fibonacci = [1, 1]
    while len(fibonacci) < 80:
        fibonacci.append(sum(fibonacci[-2:]))
    assert huffman(ordered(fibonacci)).nodes.shape == (80, 79)


def test_paths_are_as_wide_as_the_longest_of_them():
    one = huffman(np.array([9, 5, 2, 2, 1, 1]))
    assert one.paths(np.array([0, 0])).nodes.shape == (2, 1)
    assert one.paths(np.array([0, 5])).nodes.shape == one.nodes[[0, 5]].shape


def test_the_tree_is_gensims():
    gensim = pytest.importorskip("gensim", reason="compares with gensim, the extra `peers`")
    # Powers of 2 and a bit: no two subtrees have the same count, so there is only one tree.
    words = {f"w{i}": 2 ** (12 - i) + i for i in range(12)}
    model = gensim.models.Word2Vec(vector_size=2, min_count=1, hs=1, negative=0)
    model.build_vocab_from_freq(words)
    found = huffman(np.array(list(words.values())))
    for word, (nodes, signs) in zip(words, paths_of(found), strict=True):
        code = model.wv.get_vecattr(word, "code")
        assert (1 - 2 * code.astype(int)).tolist() == list(signs)
        assert model.wv.get_vecattr(word, "point").tolist() == list(nodes)


# ----------------------------------------------------------------------------- gradients


@st.composite
def samples(draw):
    """Draw V, U and a batch of pairs whose words have paths of different lengths."""
    rng = draw(generators())
    words, size = draw(st.integers(2, 20)), draw(st.integers(1, 6))
    contexts, dimension = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    one = huffman(ordered(rng.integers(1, 50, words)))
    inputs = rng.integers(0, words, (size, contexts), dtype=np.int32)
    inputs[:, 1:][rng.random((size, contexts - 1)) < 0.3] = -1
    batch = PathBatch(inputs, *one.paths(rng.integers(0, words, size)))
    V, U = rng.standard_normal((words, dimension)), rng.standard_normal((words - 1, dimension))
    return V, U, batch


EXAMPLE = (
    np.array([[1.0, 0.5], [-0.5, 2.0], [0.25, -1.0], [0.75, 0.125]]),
    np.array([[0.5, -1.0], [1.5, 0.25], [-0.75, 1.0]]),
    PathBatch(
        np.array([[0, 0, 1], [2, -1, -1]], dtype=np.int32),
        np.array([[2, -1], [2, 1]], dtype=np.int32),
        np.array([[1, 0], [-1, 1]], dtype=np.int8),
    ),
)


def pairs(batch):
    for inputs, nodes, signs in zip(*batch, strict=True):
        present = nodes >= 0
        yield inputs[inputs >= 0], nodes[present].tolist(), signs[present].tolist()


def by_pairs(V, U, batch, of_pair):
    loss, by_V, by_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for inputs, nodes, signs in pairs(batch):
        J, by_h, by_nodes = of_pair(V[inputs].mean(axis=0), U, nodes, signs)
        loss += J
        by_U += by_nodes
        np.add.at(by_V, inputs, by_h / len(inputs))
    return loss, by_V, by_U


def by_oracle(h, U, nodes, signs):
    answer = oracle.hierarchical_softmax(PathCase(h, U, nodes, signs))
    return answer.loss, answer.center, answer.outside


def dense(V, U, batch, module=minibatch):
    loss, center, outside = module.hierarchical_softmax(V, U, batch)
    return loss, center.dense(V.shape), outside.dense(U.shape)


def is_the_sum_of_its_pairs(sample, module=minibatch):
    for of_pair in (hierarchical_softmax, by_oracle):
        for got, expected in zip(dense(*sample, module), by_pairs(*sample, of_pair), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)


@given(samples())
def test_a_minibatch_is_the_sum_of_its_pairs(sample):
    is_the_sum_of_its_pairs(sample)


@settings(max_examples=15)
@given(samples())
def test_a_minibatch_has_the_numerical_derivative(sample):
    V, U, batch = sample
    gradcheck.assert_gradient(lambda V, U: dense(V, U, batch), (V, U), undecided="skip")


SIGNS = "batch.nodes, -batch.signs.astype"
MISTAKES = {
    "signs turned": (SIGNS, SIGNS.replace("-batch", "batch")),
    "signs lost": (SIGNS, "batch.nodes, -np.ones_like(batch.signs).astype"),
    "the way back": (SIGNS, "batch.nodes[:, ::-1], -batch.signs.astype"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_in_the_minibatch_is_seen(mistake):
    is_the_sum_of_its_pairs(EXAMPLE)
    with pytest.raises(AssertionError):
        is_the_sum_of_its_pairs(EXAMPLE, mutated(minibatch, dict([MISTAKES[mistake]])))


def plain_steps(V, U, batch, *, whole):
    V, U, loss = V.copy(), U.copy(), 0.0
    for inputs, nodes, signs in pairs(batch):
        J, by_h, by_U = hierarchical_softmax(V[inputs].mean(axis=0), U, nodes, signs)
        loss += J
        U -= RATE * by_U
        np.subtract.at(V, inputs, RATE * by_h / (1 if whole else len(inputs)))
    return loss, V, U


def compiled_steps(V, U, batch, module, **options):
    V, U = V.copy(), U.copy()
    return module.hierarchical_softmax_sgd(V, U, batch, RATE, **options), V, U


@settings(max_examples=30)
@given(samples(), st.booleans())
def test_compiled_steps_are_those_of_a_plain_loop(sample, whole):
    compiled = pytest.importorskip("models.compiled", reason="needs numba", exc_type=ImportError)
    got = compiled_steps(*sample, compiled, whole=whole)
    for value, expected in zip(got, plain_steps(*sample, whole=whole), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


SIGNED = "nodes, -batch.signs"


@pytest.mark.parametrize("wrong", [SIGNED, "nodes, batch.signs", "nodes[:, ::-1], -batch.signs"])
def test_a_planted_mistake_in_the_compiled_steps_is_seen(wrong):
    compiled = pytest.importorskip("models.compiled", reason="needs numba", exc_type=ImportError)
    module = mutated(compiled, {"@_compile\n": "", SIGNED: wrong})
    got = compiled_steps(*EXAMPLE, module)
    same = all(
        np.allclose(value, expected)
        for value, expected in zip(got, plain_steps(*EXAMPLE, whole=False), strict=True)
    )
    assert same == (wrong == SIGNED)


def test_rows_that_are_not_there_are_refused():
    V, U, batch = EXAMPLE
    with pytest.raises(IndexError, match="nodes: expected rows 0 to 1"):
        minibatch.hierarchical_softmax(V, U[:2], batch)
    with pytest.raises(IndexError, match="inputs: expected rows 0 to 1"):
        minibatch.hierarchical_softmax(V[:2], U, batch)


def test_a_spot_check_sees_the_signs():
    V, U, batch = EXAMPLE

    def update(V, U, batch, rate, sign=1):
        loss, center, outside = minibatch.hierarchical_softmax(V, U, batch)
        center.subtract_from(V, rate * sign)
        outside.subtract_from(U, rate)
        return loss

    options = {"spare_outside_rows": 2, "pair_by_pair": False}
    assert check_update(update, V, U, batch, **options)[0]
    wrong = check_update(lambda *args: update(*args, sign=-1), V, U, batch, **options)[0]
    assert wrong.verdict == "disagrees"


# ------------------------------------------------------------------------------ training


LINES = [
    f"{who} {does} {what}".split()
    for who in ("cooks", "bakers", "aunts")
    for does in ("bake", "cut", "burn")
    for what in ("bread", "cakes", "pies")
] * 4


@pytest.fixture
def corpus():
    with encode(LINES, min_count=1, block_words=60) as one:
        yield one


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_stopped_training_goes_on_bit_for_bit(corpus, tmp_path, model, compiled):
    if compiled:
        pytest.importorskip("models.compiled", reason="needs numba", exc_type=ImportError)
    options = Options(
        model=model,
        loss="hierarchical-softmax",
        size=5,
        epochs=3,
        min_count=1,
        sample=0,
        alpha=0.2,
        compiled=compiled,
    )
    whole = Training(corpus, options)
    assert whole.U.shape == (len(corpus.vocabulary) - 1, 5)
    for _ in whole.steps():
        pass
    assert whole.history[-1].loss < whole.history[0].loss
    stopped, path = Training(corpus, options), tmp_path / "stopped"
    for _ in islice(stopped.steps(), 7):
        pass
    with path.open("wb") as file:
        checkpoints.save(file, stopped)
    resumed = Training(corpus, options)
    checkpoints.restore(resumed, checkpoints.load(path), path)
    for _ in resumed.steps():
        pass
    np.testing.assert_array_equal(resumed.V, whole.V)
    np.testing.assert_array_equal(resumed.U, whole.U)


def test_from_zeros_nothing_moves(corpus):
    training = Training(
        corpus, Options(loss="hierarchical-softmax", size=4, epochs=1, min_count=1, init="zeros")
    )
    for _ in training.steps():
        pass
    assert not training.V.any()
    assert not training.U.any()


# gensim reads σ from a table of 1,000 places on ±6, off by up to 0.0091.
TABLE = 0.0092


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_a_step_is_gensims(model):
    """Two sentences' worth of steps from the same vectors, but for gensim's table of σ."""
    gensim = pytest.importorskip("gensim", reason="compares with gensim, the extra `peers`")
    lines = [["a", "b", "c"]]
    counts = {"a": 20, "b": 6, "c": 2, "d": 1}
    rate, rng = 0.25, np.random.default_rng(0)
    theirs = gensim.models.Word2Vec(
        vector_size=6,
        window=1,
        sg=int(model == "skip-gram"),
        hs=1,
        negative=0,
        min_count=1,
        sample=0,
        alpha=rate,
        min_alpha=rate,
        workers=1,
        cbow_mean=1,
    )
    theirs.build_vocab_from_freq(counts)
    V = rng.normal(0, 0.5, (4, 6)).astype(np.float32)
    U = rng.normal(0, 0.5, (3, 6)).astype(np.float32)
    # It has a row of U too many.
    theirs.wv.vectors[:], theirs.syn1[:3] = V, U
    theirs.train(lines, total_examples=1, epochs=1)
    number = {word: i for i, word in enumerate(theirs.wv.index_to_key)}
    a, b, c = (number[word] for word in lines[0])
    one = huffman(np.array(list(counts.values())))
    # At each center word in turn: it is what gensim predicts, from the words around it.
    steps = (
        [([b], a), ([a], b), ([c], b), ([b], c)]
        if model == "skip-gram"
        else [([b], a), ([a, c], b), ([b], c)]
    )
    moved = [V.copy(), U.copy()]
    for inputs, target in steps:
        batch = PathBatch(np.array([inputs]), *one.paths(np.array([target])))
        gradient = minibatch.whole(minibatch.hierarchical_softmax(*moved, batch))
        gradient.center.subtract_from(moved[0], rate)
        gradient.outside.subtract_from(moved[1], rate)
    # Each step is off by no more than the table times the rate times the vectors of its path.
    bound = len(steps) * rate * TABLE * 3 * max(np.abs(V).max(), np.abs(U).max())
    for got, expected, start in zip(
        moved, (theirs.wv.vectors, theirs.syn1[:3]), (V, U), strict=True
    ):
        assert np.abs(expected - start).max() > 5 * bound
        np.testing.assert_allclose(got, expected, atol=bound)
