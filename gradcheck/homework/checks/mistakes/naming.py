"""The naming of mistakes: those that predict all that a file answered.

A mistake is named only where its prediction is the answer in every tried case, right ones
included, to within rounding. A mistake that cannot show in a case predicts the right answer
there. Where none fits by itself, two about different questions are tried, one made after the
other; where several fit, all are listed, those first that explain the other results too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.comparison import Finding, Seen
from gradcheck.homework.checks.mistakes.descent_mistakes import SigmoidTerms
from gradcheck.homework.checks.mistakes.mistake import Change, Mistake
from gradcheck.homework.checks.mistakes.mistake_table import MISTAKES, mistake, mistakes_of
from gradcheck.homework.checks.mistakes.pair_terms import sampling_terms, softmax_terms
from gradcheck.homework.checks.mistakes.window_terms import window_terms
from gradcheck.homework.checks.trials import (
    PARTS,
    GradientTrial,
    PairTrial,
    SigmoidTrial,
    WindowTrial,
)
from gradcheck.word2vec.loss_table import named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.trials import Trial
    from gradcheck.homework.courses import Role

__all__ = ["explain"]

_MOST_LISTED = 3
_FEW = 12
_SLACK = 1e4
_Step = tuple[Mistake, Change]
_Explanation = tuple[_Step, ...]


@dataclass(frozen=True)
class _Look:
    """The observations of a check in one trial, beside the terms of the right answer."""

    trial: Trial
    terms: Any
    seen: Seen
    slack: float = 1.0

    def coarser(self) -> _Look:
        """Return the same, for a wrong formula that rounds far worse than the right one."""
        return replace(self, slack=_SLACK)

    def is_like(self, predicted: NDArray[Any]) -> bool:
        """Say whether the claim is as predicted."""
        return self.seen.is_like(predicted, self.slack)

    def is_right(self, predicted: NDArray[Any]) -> bool:
        """Say whether the prediction is the right value, or too close to it to be told apart."""
        return self.seen.is_right(predicted, self.slack)


def explain(
    finding: Finding, shown: Trial, trials: Iterable[Trial], others: Iterable[Trial] = ()
) -> Finding:
    """Name the mistake, where there is one that predicts the claims.

    Parameters
    ----------
    finding : Finding
        The difference in the trial that is shown.
    shown : Trial
        That trial.
    trials : iterable of Trial
        All that the check saw.
    others : iterable of Trial
        Further trials of the same function: a mistake that fits them too is preferred.
    """
    if finding.recognise is not None:
        return _recognised(finding, [shown, *trials])
    if finding.observe is None:
        return finding
    with np.errstate(all="ignore"):
        looks = list(_looks(finding, (shown, *trials)))
        if not looks:
            return finding
        # One that cannot be told apart in the case shown explains nothing, so it stays the first;
        # after it those that tell most, so that few are tried in vain.
        looks[1:] = sorted(looks[1:], key=lambda look: -_telling(look))
        further = [*_looks(finding, others)]
        fitting = (
            _name(finding.part, [*looks, *further], at_most=2)
            or (further and _name(finding.part, looks, at_most=1))
            or _name(finding.part, [look.coarser() for look in looks], at_most=1)
        )
    if not fitting:
        return finding
    first = looks[0].terms
    told = [_told(one, first, finding.part) for one in fitting]
    identifiers = dict.fromkeys(row.identifier for one in fitting for row, _ in one)
    message = finding.lead + "; or: ".join(dict.fromkeys(told))
    return replace(
        finding,
        message=message,
        mistake=next(iter(identifiers)),
        mistakes=tuple(identifiers),
    )


def _recognised(finding: Finding, trials: Sequence[Trial]) -> Finding:
    """Name the mistakes that may be behind all that is wrong in some trial."""
    assert finding.recognise is not None
    found = [finding.recognise(trial) for trial in trials if trial.outcome.status == "returned"]
    told = [identifiers for identifiers in found if identifiers is not None]
    common = set.intersection(*told) if told else set()
    identifiers = tuple(row.identifier for row in MISTAKES if row.identifier in common)
    if not identifiers:
        return finding
    titles = " or ".join(mistake(identifier).title for identifier in identifiers)
    return replace(
        finding,
        message=f"{finding.message} ({titles})",
        mistake=identifiers[0],
        mistakes=identifiers,
    )


def _looks(finding: Finding, trials: Iterable[Trial]) -> Iterator[_Look]:
    assert finding.observe is not None
    for trial in trials:
        if trial.outcome.status != "returned":
            continue
        seen = finding.observe(trial)
        if isinstance(seen, Seen):
            yield _Look(trial, _terms_of(trial) if seen.terms is None else seen.terms, seen)


def _terms_of(trial: Trial) -> Any:
    """Return the terms of the right answer in a trial."""
    if isinstance(trial, PairTrial):
        if named(trial.role).has_negatives:
            case = replace(trial.case, negatives=trial.negatives)
            return sampling_terms(case, trial.batches)
        return softmax_terms(trial.case)
    if isinstance(trial, WindowTrial):
        return window_terms(trial.role, trial.case)
    assert isinstance(trial, SigmoidTrial)
    return SigmoidTerms(x=trial.case.x.astype(np.float64))


def _telling(look: _Look) -> int:
    """Rate a case as a judge of mistakes: by its size, if its numbers are not tiny."""
    if not float(np.max(np.abs(look.seen.expected), initial=0.0)) > 1e-2:
        return 0
    values = vars(look.trial.case).values()
    lengths = sum(len(value) for value in values if isinstance(value, tuple))
    return lengths * sum(np.size(value) for value in values)


def _name(part: str, looks: Sequence[_Look], *, at_most: int) -> list[_Explanation]:
    """Return the explanations of every claim, of one mistake or two, the best ones first."""
    role = looks[0].trial.role
    steps = [(row, change) for row in mistakes_of(role) for change in row.steps_in(role)]
    singles: list[_Explanation] = [(step,) for step in steps]
    nothing: list[_Explanation] = [()]
    fitting = [one for one in singles if _fits(one, part, looks)] or list(
        _fitted(nothing, role, part, looks)
    )
    if not fitting and at_most > 1:
        pairs = [pair for pair in _pairs(steps, part, looks) if _fits(pair, part, looks)]
        fitting = pairs or list(_fitted(singles, role, part, looks))
    # Of several ways to make the same mistakes, the first stands for all.
    distinct = {tuple(row.identifier for row, _ in one): one for one in reversed(fitting)}
    in_order = [*distinct.values()][::-1]
    if len(in_order) < 2:
        return in_order
    # One that the other results speak against is no explanation where another one is.
    explained = [_explained(one, part, looks) for one in in_order]
    best = [one for one, count in zip(in_order, explained, strict=True) if count == max(explained)]
    return best[:_MOST_LISTED]


def _pairs(steps: Sequence[_Step], part: str, looks: Sequence[_Look]) -> Iterator[_Explanation]:
    """Yield pairs of mistakes about different questions that predict the first claim.

    Most do not, and few of the steps show in a part at all, so that thousands are tried in no time.
    """
    first, *rest = looks
    # The first case may be one that many mistakes do not show in; those after it tell most.
    active = [step for step in steps if _shows(step, part, [first, *rest[:6]])]
    for place, one in enumerate(active):
        terms = _changed((one,), first.terms)
        for other in active[place + 1 :]:
            if one[0].choice == other[0].choice:
                continue
            predicted = _predicted((other,), part, replace(first, terms=terms))
            if predicted is not None and first.is_like(predicted):
                yield one, other


def _shows(step: _Step, part: str, looks: Iterable[_Look]) -> bool:
    """Say whether a mistake changes a part in some case."""
    for look in looks:
        predicted = _predicted((step,), part, look)
        if predicted is None or not look.is_right(predicted):
            return True
    return False


def _fitted(
    starts: Iterable[_Explanation], role: Role, part: str, looks: Sequence[_Look]
) -> Iterator[_Explanation]:
    """Yield explanations that end in a mistake with an estimated number."""
    estimated = [row for row in mistakes_of(role) if row.fit]
    # The largest errors show the number most precisely.
    telling = sorted(looks, key=lambda look: -_error(look.seen))[:_FEW]
    for start in starts:
        for row in estimated:
            if any(row.choice == step[0].choice for step in start):
                continue
            change = next(filter(None, (_estimate(row, start, part, one) for one in telling)), None)
            if change and _fits((*start, (row, change)), part, looks):
                yield (*start, (row, change))


def _estimate(row: Mistake, start: _Explanation, part: str, look: _Look) -> Change | None:
    try:
        terms = _changed(start, look.terms)
        return row.fit(terms, part, look.seen) if row.fit else None
    except (ValueError, IndexError):  # the mistake has no answer to this case
        return None


def _error(seen: Seen) -> float:
    error = np.abs(seen.claimed - seen.expected)[seen.judged] if _comparable(seen) else np.zeros(1)
    return float(np.max(np.where(np.isfinite(error), error, 0.0), initial=0.0))


def _comparable(seen: Seen) -> bool:
    return seen.claimed.shape == seen.expected.shape


def _fits(explanation: _Explanation, part: str, looks: Sequence[_Look]) -> bool:
    """Say whether an explanation predicts every claim, the first of them being a wrong one."""
    for position, look in enumerate(looks):
        predicted = _predicted(explanation, part, look)
        if predicted is None or not look.is_like(predicted):
            return False
        if position == 0 and look.is_right(predicted):
            return False
    return True


def _predicted(explanation: _Explanation, part: str, look: _Look) -> NDArray[Any] | None:
    try:
        terms = _changed(explanation, look.terms)
        return None if terms is None else terms.part(part)
    except (ValueError, IndexError):  # the mistake has no answer to this case
        return None


def _changed(explanation: _Explanation, terms: Any) -> Any:
    for _, change in explanation:
        # A mistake that cannot show in a case leaves it as it is.
        changed = change(terms)
        terms = terms if changed is None else changed
    return terms


def _explained(explanation: _Explanation, part: str, looks: Sequence[_Look]) -> int:
    """Return the number of other results that an explanation predicts too."""
    if not isinstance(looks[0].trial, GradientTrial):
        return 0
    return sum(
        all(_predicts(explanation, other, look) for look in looks[:20])
        for other in PARTS
        if other != part
    )


def _predicts(explanation: _Explanation, part: str, look: _Look) -> bool:
    trial = look.trial
    assert isinstance(trial, GradientTrial)
    seen = trial.seen(part)
    predicted = _predicted(explanation, part, look)
    return seen is not None and predicted is not None and seen.is_like(predicted)


def _told(explanation: _Explanation, terms: Any, part: str) -> str:
    told = []
    for row, change in explanation:
        tell = getattr(change, "told", None)
        told.append(tell() if tell else row.told(terms, part))
    return ", and ".join(told)
