"""Python that reproduces a failing case when it is pasted into a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.calling.scripted_dataset import word
from gradcheck.homework.checks.own_gradient_check import GradientCheckTrial
from gradcheck.homework.checks.trials import PairTrial, SgdTrial, SigmoidTrial, WindowTrial
from gradcheck.homework.courses import CLASSES
from gradcheck.homework.submission.delivery import STANDARD_INPUT
from gradcheck.homework.submission.loading import NAMESPACE

if TYPE_CHECKING:
    from gradcheck.homework.calling.opening import FileFacts
    from gradcheck.homework.checks.trials import Trial
    from gradcheck.homework.courses import Course, Interface

__all__ = ["snippet"]

# More numbers than this are nothing to paste; the JSON report has them.
_MOST_NUMBERS = 120


def snippet(trial: Trial, facts: FileFacts) -> str:
    """Return the code that makes the case and calls the function; nothing if it is too long."""
    inputs = trial.first_call().inputs
    if trial.role in CLASSES or sum(np.size(value) for value in inputs.values()) > _MOST_NUMBERS:
        return ""
    interface = trial.interface
    names = [interface.name]
    lines = ["import numpy as np"]
    if isinstance(trial, WindowTrial):
        names.append(trial.target.course.functions["naive-softmax"].name)
    # In a notebook, the functions are there already.
    if str(facts.path) != NAMESPACE:
        lines.append(_import(facts, names))
    if "dataset" in interface.parameters or trial.first_call().draws:
        lines += _dataset(trial.target.course, _draws(trial))
    if isinstance(trial, GradientCheckTrial):
        # The gradient is right where the offset is 0: try both.
        lines.append(f"curvature, offset = {_literal(trial.case.curvature)}, {trial.case.error}")
    if isinstance(trial, SgdTrial):
        lines.append(f"gradient = {_literal(trial.case.gradient)}")
    lines.append(f"print({interface.name}(")
    arguments = _arguments(trial, interface, names)
    if trial.role in facts.row_roles:  # the first is the center vector
        arguments[0] = f"{arguments[0]}[np.newaxis]"
    lines += [f"    {argument}," for argument in arguments]
    lines.append("))")
    return "\n".join(lines)


def _import(facts: FileFacts, names: list[str]) -> str:
    path = facts.path
    plain = path.suffix == ".py" and path.stem.isidentifier()
    if plain and facts.runs_alone:
        return f"from {path.stem} import {', '.join(names)}"
    is_piped = str(path) == STANDARD_INPUT
    name = "word2vec.py" if is_piped else path.name
    comment = "  # what was on standard input" * is_piped
    functions = ", ".join(f"submission.function({name!r})" for name in names)
    return (
        "from gradcheck.homework import load\n"
        f"submission = load({name!r}){comment}\n"
        f"{', '.join(names)} = {functions}"
    )


def _draws(trial: Trial) -> tuple[int, ...]:
    """Return the dataset's answers, as far as a file asks for them."""
    drawn = trial.first_call().draws
    if isinstance(trial, PairTrial) and len(trial.batches) < 2:
        return trial.case.negatives
    return drawn


def _dataset(course: Course, draws: tuple[int, ...]) -> list[str]:
    if not draws:
        return ["dataset = None"]
    name, *others = course.draws
    return [
        "class Dataset:",
        f"    draws = iter({list(draws)} * 99)",
        f"    def {name}(self): return next(self.draws)",
        *(f"    {other} = {name}" for other in others),
        "",
        "dataset = Dataset()",
    ]


def _arguments(trial: Trial, interface: Interface, names: list[str]) -> list[str]:
    inputs = trial.first_call().inputs
    written = {quantity: _literal(value) for quantity, value in inputs.items()}
    written["dataset"] = "dataset"
    if isinstance(trial, WindowTrial):
        vocabulary = range(len(trial.case.center_vectors))
        written["center_word"] = repr(word(trial.case.center))
        written["context_words"] = repr([word(index) for index in trial.case.context])
        written["word_indices"] = repr({word(index): index for index in vocabulary})
        written["loss_function"] = names[1]
    if isinstance(trial, GradientCheckTrial):
        written["f"] = "lambda x: (np.sum(curvature * x**2), 2 * curvature * x + offset)"
    if isinstance(trial, SgdTrial):
        written["f"] = "lambda x: (np.sum(gradient * x), gradient)"
        written["postprocessing"] = "None"
    if isinstance(trial, SigmoidTrial):
        return [written["x"]]
    arguments = [written[quantity] for quantity in interface.parameters]
    if "K" in inputs and "K" not in interface.parameters:
        arguments.append(f"{trial.target.course.count}={inputs['K']}")
    return arguments


def _literal(value: Any) -> str:
    if isinstance(value, np.ndarray):
        text = np.array2string(
            value,
            separator=", ",
            floatmode="unique",
            max_line_width=76,
            threshold=_MOST_NUMBERS,
            prefix="    np.array(",
        )
        return f"np.array({text})"
    return repr(value)
