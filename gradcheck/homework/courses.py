"""Courses: the functions that their homework asks for, with all names of theirs, a long table.

A course is a row of a table: to add one, write its `Course` and append it to `COURSES`. All that
differs between courses stands there, and every name of theirs. The values on the left of each
signature are the quantities of this toolkit's vocabulary, those on the right the course's own
parameter names, in the course's order.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gradcheck.word2vec.loss_table import LOSSES

__all__ = [
    "CLASSES",
    "COURSES",
    "Course",
    "Helper",
    "HelperModule",
    "Interface",
    "Role",
    "detect",
    "parameter_names",
]

Role = Literal[
    "sigmoid",
    "naive-softmax",
    "sampler",
    "negative-sampling",
    "skip-gram",
    "cbow",
    "sgd",
    "gradient-check",
    "softmax",
    "forward-pass",
    "cost",
    "backward-pass",
    "matmul-layer",
    "embedding-layer",
    "embedding-dot-layer",
    "negative-sampling-layer",
    "cbow-model",
    "skip-gram-model",
]
Function = Callable[..., Any]

Helper = Literal[
    "softmax", "normalized rows", "sigmoid", "sigmoid's derivative", "sampler", "nothing"
]
"""A helper's purpose; "nothing" is that of a check of the course's, since ours run instead."""

# A file that defines any of these is about word2vec, and has to have all of them. A file with
# none of them is a helper (sgd.py), and is judged by what it has.
_CORE: frozenset[Role] = frozenset(
    {"naive-softmax", "negative-sampling", "skip-gram", "forward-pass", "backward-pass"}
)

# What any file about neural networks may define.
_EVERYWHERE: frozenset[Role] = frozenset(
    {"sigmoid", "softmax", "cost", "matmul-layer", "embedding-layer"}
)


@dataclass(frozen=True)
class Interface:
    """A course's name and arguments of one function.

    Attributes
    ----------
    name : str
        The function's name in the course.
    parameters : mapping of str to str
        Quantity to the course's parameter name, in the order of the course.
    results : tuple of str
        The names that the course's template returns: one of them left undefined means that the
        function is not finished.
    """

    name: str
    parameters: Mapping[str, str]
    results: tuple[str, ...]


@dataclass(frozen=True)
class HelperModule:
    """A module that the course hands out, and that need not lie beside a file.

    Attributes
    ----------
    pattern : str
        A regular expression that its name matches.
    functions : mapping of str to Helper
        Its functions.
    other : {"missing", "nothing", "anything"}
        The answer of any other name in it to a call: an error that it is missing, nothing, or a
        thing that takes whatever else is asked of it.
    """

    pattern: str
    functions: Mapping[str, Helper] = field(default_factory=dict)
    other: Literal["missing", "nothing", "anything"] = "missing"


# Stanford's names, in all years: some files have them from another year's handout.
_SAMPLERS = ("getNegativeSamples", "get_negative_samples")
_UTILITIES: dict[str, Helper] = {
    "softmax": "softmax",
    "normalizeRows": "normalized rows",
    "normalize_rows": "normalized rows",
    "sigmoid": "sigmoid",
    "sigmoid_grad": "sigmoid's derivative",
    **dict.fromkeys(_SAMPLERS, "sampler"),
}
_CHECKS: dict[str, Helper] = {
    "gradcheck_naive": "nothing",
    "eval_numerical_gradient": "nothing",
}
_HELPERS = (
    HelperModule(r"(\w+\.)?(utils|helpers)\.utils", _UTILITIES),
    HelperModule(r"((\w+\.)?(utils|helpers)\.|cs224d\.)?(treebank|data_utils|glove)"),
    HelperModule(r"(\w+\.)?(utils|helpers)\.(gradcheck|sanity_checks)", _CHECKS, "nothing"),
    HelperModule(r"q\d\w?_gradcheck", _CHECKS, "nothing"),
    HelperModule(r"q\d\w?_(softmax|sigmoid)", _UTILITIES),
    HelperModule(r"(\w+\.)?(utils|helpers|cs224d)"),
)


@dataclass(frozen=True)
class Course:
    """One course's homework.

    Attributes
    ----------
    identifier : str
        Its name in the JSON report.
    title : str
        Its name for a person.
    functions : mapping of Role to Interface
        The functions that the homework has.
    advised : frozenset of (Role, str)
        Checks that are required elsewhere and only advice here, because the course leaves the
        matter open.
    samplers : tuple of str
        The names that the sampler has, be it the file's own or a helper's.
    draws, contexts : tuple of str
        The names of the dataset's methods that draw an index, and a context.
    count : str
        The name of K.
    default_count : int
        The number of negatives where K is not given.
    dataset : str
        The name of the dataset where it is a global.
    helpers : tuple of HelperModule
        The modules that the course hands out; a package stands after its modules.
    modules : str
        A regular expression of names that only this course gives to files: it decides between
        courses that share all others.
    """

    identifier: str
    title: str
    functions: Mapping[Role, Interface]
    advised: frozenset[tuple[Role, str]] = field(default=frozenset())
    samplers: tuple[str, ...] = _SAMPLERS
    draws: tuple[str, ...] = ("sampleTokenIdx", "sample_token_idx")
    contexts: tuple[str, ...] = ("getRandomContext", "get_random_context")
    count: str = "K"
    default_count: int = 10
    dataset: str = "dataset"
    helpers: tuple[HelperModule, ...] = _HELPERS
    modules: str = ""

    def names(self) -> tuple[str, ...]:
        """Return the functions' names, in the order of their checks."""
        return tuple(interface.name for interface in self.functions.values())

    @property
    def losses(self) -> dict[Role, Interface]:
        """The functions that a window function may be given."""
        names = {loss.name for loss in LOSSES}
        return {role: interface for role, interface in self.functions.items() if role in names}

    def renamed(self, names: Mapping[Role, str]) -> Course:
        """Return the course with other names for some of its functions."""
        functions = {
            role: replace(interface, name=names.get(role, interface.name))
            for role, interface in self.functions.items()
        }
        return replace(self, functions=functions)

    def is_told_by(self, present: frozenset[Role]) -> bool:
        """Say whether functions are enough to take a file for homework: half of all have these."""
        return bool(present - _EVERYWHERE)

    def demanded(self, present: frozenset[Role]) -> frozenset[Role]:
        """Return the functions that a file with the functions `present` must not lack."""
        return _CORE & frozenset(self.functions) if present & _CORE else frozenset()


def detect(namespace: Mapping[str, Any], modules: Iterable[str] = ()) -> Course | None:
    """Return the course that the functions of a `namespace` belong to, None if to none.

    The course with the most names wins; parameter names decide between courses that share them,
    and then the names of `modules`, the file's own among them.
    """

    def resemblance(course: Course) -> tuple[int, int, bool]:
        names = any(re.fullmatch(course.modules, module) for module in modules)
        return *_resemblance(course, namespace), names

    best = max(COURSES, key=resemblance)
    return best if resemblance(best)[0] else None


def parameter_names(function: Function) -> tuple[str, ...] | None:
    """Return the names of the positional parameters; None where they cannot be told."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin, say a NumPy ufunc
        return None
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(parameter.name for parameter in parameters if parameter.kind in positional)


def _resemblance(course: Course, namespace: Mapping[str, Any]) -> tuple[int, int]:
    present = [
        (interface, namespace[interface.name])
        for interface in course.functions.values()
        if callable(namespace.get(interface.name))
    ]
    # Negative sampling takes K as well, in every course.
    same_parameters = sum(
        set(interface.parameters.values()) <= set(parameter_names(function) or ())
        and len(interface.parameters) + (course.count in (parameter_names(function) or ()))
        >= len(parameter_names(function) or ())
        for interface, function in present
    )
    return len(present), same_parameters


def _sigmoid(result: str = "s") -> Interface:
    return Interface("sigmoid", {"x": "x"}, (result,))


def _sgd() -> Interface:
    # The course passes these by position and leaves the rest (useSaved, PRINT_EVERY) alone.
    parameters = ("f", "x0", "step", "iterations", "postprocessing")
    return Interface("sgd", {name: name for name in parameters}, ("x", "loss", "cost"))


def _cs224n_a2() -> Course:
    pair = {
        "center": "centerWordVec",
        "target": "outsideWordIdx",
        "outside": "outsideVectors",
        "dataset": "dataset",
    }
    gradients = ("loss", "gradCenterVec", "gradOutsideVecs")
    window = {
        "center_word": "currentCenterWord",
        "window_size": "windowSize",
        "context_words": "outsideWords",
        "word_indices": "word2Ind",
        "center_vectors": "centerWordVectors",
        "outside_vectors": "outsideVectors",
        "dataset": "dataset",
        "loss_function": "word2vecLossAndGradient",
    }
    sampler = {"target": "outsideWordIdx", "dataset": "dataset", "K": "K"}
    return Course(
        "cs224n-a2",
        "CS224n 2019-2023, assignment 2",
        {
            "sigmoid": _sigmoid(),
            "naive-softmax": Interface("naiveSoftmaxLossAndGradient", pair, gradients),
            "sampler": Interface("getNegativeSamples", sampler, ("negSampleWordIndices",)),
            "negative-sampling": Interface("negSamplingLossAndGradient", pair, gradients),
            "skip-gram": Interface(
                "skipgram", window, ("loss", "gradCenterVecs", "gradOutsideVectors")
            ),
            "sgd": _sgd(),
        },
    )


def _xcs224n(identifier: str, title: str, modules: str = "") -> Course:
    pair = {
        "center": "center_word_vec",
        "target": "outside_word_idx",
        "outside": "outside_vectors",
        "dataset": "dataset",
    }
    gradients = ("loss", "grad_center_vec", "grad_outside_vecs")
    window = {
        "center_word": "current_center_word",
        # Some years have no window size.
        "window_size": "window_size",
        "context_words": "outside_words",
        "word_indices": "word2ind",
        "center_vectors": "center_word_vectors",
        "outside_vectors": "outside_vectors",
        "dataset": "dataset",
        "loss_function": "word2vec_loss_and_gradient",
    }
    sampler = {"target": "outside_word_idx", "dataset": "dataset", "K": "K"}
    return Course(
        identifier,
        title,
        {
            "sigmoid": _sigmoid(),
            "naive-softmax": Interface("naive_softmax_loss_and_gradient", pair, gradients),
            "sampler": Interface("get_negative_samples", sampler, ("neg_sample_word_indices",)),
            "negative-sampling": Interface("neg_sampling_loss_and_gradient", pair, gradients),
            "skip-gram": Interface(
                "skipgram", window, ("loss", "grad_center_vecs", "grad_outside_vectors")
            ),
            "sgd": _sgd(),
        },
        modules=modules,
    )


def _cost_and_gradient(
    identifier: str, title: str, *, dataset: bool, sampler: bool, excludes_target: bool
) -> Course:
    """Return the interface of 2015 to 2018: the same names, with or without a `dataset`."""
    source = {"dataset": "dataset"} if dataset else {}
    pair = {"center": "predicted", "target": "target", "outside": "outputVectors", **source}
    window = {
        "center_word": "currentWord",
        "window_size": "C",
        "context_words": "contextWords",
        "word_indices": "tokens",
        "center_vectors": "inputVectors",
        "outside_vectors": "outputVectors",
        **source,
        "loss_function": "word2vecCostAndGradient",
    }
    gradients = ("cost", "gradPred", "grad")
    sums = ("cost", "gradIn", "gradOut")
    functions: dict[Role, Interface] = {
        "sigmoid": _sigmoid(),
        "naive-softmax": Interface("softmaxCostAndGradient", pair, gradients),
    }
    if sampler:
        parameters = {"target": "target", "dataset": "dataset", "K": "K"}
        functions["sampler"] = Interface("getNegativeSamples", parameters, ("indices",))
    functions |= {
        "negative-sampling": Interface("negSamplingCostAndGradient", pair, gradients),
        "skip-gram": Interface("skipgram", window, sums),
        "cbow": Interface("cbow", window, sums),
        "sgd": _sgd(),
        "gradient-check": Interface("gradcheck_naive", {"f": "f", "x": "x"}, ("numgrad",)),
    }
    unspecified: frozenset[tuple[Role, str]] = frozenset({("negative-sampling", "target-excluded")})
    advised = frozenset() if excludes_target else unspecified
    return Course(identifier, title, functions, advised)


def _coursera() -> Course:
    """Return the interface of a network with biases, whose examples are columns."""
    weights = {name: name for name in ("W1", "W2", "b1", "b2")}
    given = {name: name for name in ("x", "yhat", "y", "h", *weights, "batch_size")}
    cost = {name: name for name in ("y", "yhat", "batch_size")}
    helpers = (
        HelperModule("utils2", {"sigmoid": "sigmoid"}),
        HelperModule("w4_unittest", other="nothing"),
    )
    return Course(
        "coursera-nlp-c2w4",
        "Coursera NLP specialisation, course 2, week 4",
        {
            "softmax": Interface("softmax", {"z": "z"}, ("yhat",)),
            "forward-pass": Interface("forward_prop", {"x": "x", **weights}, ("z", "h")),
            "cost": Interface("compute_cost", cost, ("cost",)),
            "backward-pass": Interface(
                "back_prop", given, ("grad_W1", "grad_W2", "grad_b1", "grad_b2")
            ),
        },
        helpers=helpers,
    )


CLASSES: dict[Role, str] = {
    "matmul-layer": "MatMul",
    "embedding-layer": "Embedding",
    "embedding-dot-layer": "EmbeddingDot",
    "negative-sampling-layer": "NegativeSamplingLoss",
    "cbow-model": "SimpleCBOW",
    "skip-gram-model": "SimpleSkipGram",
}
"""What is a class, with forward, backward, params and grads, and its name."""

COURSES: tuple[Course, ...] = (
    _cs224n_a2(),
    _xcs224n("xcs224n", "XCS224N"),
    # The same names, in files that are numbered by question.
    _xcs224n("tau-nlp", "Tel Aviv University NLP 2019-2025", modules=r"q\d[a-z]_\w+"),
    _cost_and_gradient(
        "cs224d-2016", "CS224d 2016", dataset=True, sampler=False, excludes_target=False
    ),
    _cost_and_gradient(
        "cs224n-2017", "CS224n 2017-2018", dataset=True, sampler=True, excludes_target=True
    ),
    # `dataset` is a global of the file.
    _cost_and_gradient(
        "cs224d-2015", "CS224d 2015", dataset=False, sampler=False, excludes_target=False
    ),
    _coursera(),
    Course(
        "deep-learning-from-scratch-2",
        "Deep Learning from Scratch 2, chapters 3 and 4",
        {role: Interface(name, {}, ()) for role, name in CLASSES.items()},
    ),
)
