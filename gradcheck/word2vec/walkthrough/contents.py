"""The contents of a walkthrough, part by part: the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradcheck.document.blocks import (
    Block,
    Column,
    Document,
    Heading,
    Paragraph,
    Table,
)
from gradcheck.document.spans import (
    Phrase,
    joined,
    number,
    numeral,
    phrase,
    prose,
    vector_of,
    word,
)
from gradcheck.word2vec.lecture.arithmetic import (
    Matrix,
)
from gradcheck.word2vec.lecture.phrases import (
    DESCENT,
    EMPTY,
    ETA,
    GRADIENT,
    PLUS_MINUS,
    SCORE,
    SCORE_OF_TARGET,
    U_W,
    V_C,
    V_W,
    C,
    J,
    K,
    O,
    U,
    V,
    center_vector,
    center_word,
    count,
    old_center,
    outside_vector,
    outside_word,
)
from gradcheck.word2vec.lecture.update import Update
from gradcheck.word2vec.loss import Telling
from gradcheck.word2vec.loss_table import named
from gradcheck.word2vec.walkthrough.measured import written_within
from gradcheck.word2vec.walkthrough.standstill import is_minimum, pair_that_moves

__all__ = ["contents"]

_MOST_LISTED_WORDS, _MOST_LISTED_PAIRS = 20, 6


def contents(step: Update) -> Document:
    """Tell one update from the sentence to the check."""
    blocks = (*_setting(step), *_telling(step).forward(step), *_update(step), *_outcome(step))
    return Document(_title(step), blocks, is_compact=True)


def _telling(step: Update) -> Telling:
    return named(step.loss).telling


def _title(step: Update) -> Phrase:
    """Return the model, the loss and the rate in a line."""
    return phrase(
        "One step on paper: skip-gram, {loss}, {eta} = {rate}",
        loss=phrase(named(step.loss).title),
        eta=ETA,
        rate=number(step.rate),
    )


# ------------------------------------------------------------------------------- setting


def _setting(step: Update) -> Iterator[Block]:
    yield Paragraph(
        phrase(
            "Sentence: {sentence}. A window of {size} gives {count} (center, outside) pairs; for "
            "{c}: {pairs}. This step: center {C} = {c}, observed outside word {O} = {o}."
            "{negatives} Numbers of four digits are rounded, shorter ones exact. Rows of "
            "{U} and {V} are columns in the lecture:",
            sentence=_sentence(step),
            size=count(step.window),
            count=count(len(step.pairs)),
            c=center_word(step),
            o=outside_word(step),
            C=C,
            O=O,
            U=U,
            V=V,
            pairs=_pairs_of_center(step),
            negatives=_negatives(step),
        )
    )
    yield Table(
        [
            Column(phrase("word"), [_with_role(step, w) for w in range(len(step.words))]),
            Column(phrase("as outside word: {u}", u=U_W), step.U),
            Column(phrase("as center word: {v}", v=V_W), step.V),
        ]
    )


def _with_role(step: Update, index: int) -> Phrase:
    roles = [role for role, w in ((C, step.center), (O, step.target)) if w == index]
    shown = word(step.words[index])
    return phrase("{w} ({roles})", w=shown, roles=joined(roles)) if roles else shown


def _sentence(step: Update) -> Phrase:
    words = [phrase("{w}", w=word(step.words[w])) for w in step.positions[:_MOST_LISTED_WORDS]]
    rest = len(step.positions) - len(words)
    if rest:
        words.append(phrase("… and {n} more words", n=count(rest)))
    return joined(words, phrase(" "))


def _pairs_of_center(step: Update) -> Phrase:
    outside = list(dict.fromkeys(o for c, o in step.pairs if c == step.center))
    pairs = [
        phrase("({c}, {o})", c=center_word(step), o=word(step.words[o]))
        for o in outside[:_MOST_LISTED_PAIRS]
    ]
    return joined([*pairs, *[phrase("…")] * (len(outside) > _MOST_LISTED_PAIRS)])


def _negatives(step: Update) -> Phrase:
    if not step.negatives:
        return EMPTY
    drawn = joined(word(step.words[n]) for n in step.negatives)
    return phrase(
        " Negatives ({K} = {n}): {drawn}.", K=K, n=count(len(step.negatives)), drawn=drawn
    )


# -------------------------------------------------------------------------------- update


def _update(step: Update) -> Iterator[Block]:
    yield Heading(
        phrase(
            "Update: {descent}, {eta} = {rate}; {outside}",
            descent=DESCENT,
            eta=ETA,
            rate=number(step.rate),
            outside=_telling(step).outside,
        )
    )
    words = list(dict.fromkeys(row.word for row in step.predictions))
    yield Table(
        [
            Column(
                phrase("vector"), [center_vector(step), *(outside_vector(step, w) for w in words)]
            ),
            Column(
                phrase("old"), [old_center(step), *(step.U[w] for w in words)], is_repeated=True
            ),
            Column(GRADIENT, [step.grad_center, *(step.grad_outside[w] for w in words)]),
            Column(phrase("new"), [step.V_after[step.center], *(step.U_after[w] for w in words)]),
        ]
    )
    yield Paragraph(phrase("{rows}{repeats}", rows=_rows_that_move(step), repeats=_repeats(step)))


def _rows_that_move(step: Update) -> Phrase:
    most = (
        count(len(step.words))
        if _telling(step).moves_all_rows
        else phrase("{K} + 1 = {n}", K=K, n=count(len(step.negatives) + 1))
    )
    return phrase(
        "Up to 1 row of {V}, {most} of {U} can move; here {v} and {u}.{rest}",
        most=most,
        v=count(int(step.moved_center)),
        u=count(len(step.moved_outside)),
        rest=EMPTY if step.moved_center else _why_the_center_rests(step),
        U=U,
        V=V,
    )


def _why_the_center_rests(step: Update) -> Phrase:
    v_c = center_vector(step)
    if not _any(step.U):
        return phrase(" {v} stays, as {U} is 0.", v=v_c, U=U)
    if _has_terms_of_zero(step):
        return phrase(" The terms for {v} are 0.", v=v_c)
    return phrase(" The terms for {v} cancel.", v=v_c)


def _has_terms_of_zero(step: Update) -> bool:
    """Say whether every row of U that has a term in ∂J/∂v_c is 0."""
    return not any(any(step.U[row.word]) for row in step.predictions)


def _repeats(step: Update) -> Phrase:
    drawn = [row.word for row in step.predictions]
    repeated = [w for w in dict.fromkeys(drawn) if drawn.count(w) > 1]
    if not repeated:
        return EMPTY
    terms = (
        phrase("{n} for {u}", u=outside_vector(step, w), n=count(drawn.count(w))) for w in repeated
    )
    return phrase(" Terms of one vector add up: {terms}.", terms=joined(terms))


# ------------------------------------------------------------------------------- outcome


def _outcome(step: Update) -> Iterator[Block]:
    if step.moved_center or step.moved_outside:
        grew = step.loss_after > step.loss_before
        yield Heading(
            phrase(
                "After the step: {J} = {after}, before {before}{remark}",
                J=J,
                after=number(step.loss_after),
                before=number(step.loss_before),
                remark=phrase(". It grew: {eta} is too large", eta=ETA) if grew else EMPTY,
            )
        )
        yield _changes(step)
    else:
        yield Heading(phrase("Nothing moves"))
        yield Paragraph(_why_nothing_moves(step))
    yield Paragraph(_confirmation(step))


def _changes(step: Update) -> Table:
    telling = _telling(step)
    before, after = map(telling.predicted, (step.scores, step.scores_after))
    return Table(
        [
            Column(phrase("word"), [word(w) for w in step.words]),
            Column(SCORE, step.scores),
            Column(phrase("new"), step.scores_after),
            Column(telling.prediction, before, "fraction"),
            Column(phrase("new"), after, "fraction"),
            Column(
                phrase("by growth of {s}", s=SCORE),
                [_effect(step, w) for w in range(len(step.words))],
            ),
        ]
    )


def _effect(step: Update, index: int) -> Phrase:
    change = step.changes[index]
    if change == 0:
        return phrase("as before")
    if change < 0:
        return phrase("pushed apart")
    if index == step.target:
        return phrase("pulled together")
    # A word that was not observed is never pulled by its own row of the gradient.
    return phrase("together ({v} moved)", v=V_C)


def _why_nothing_moves(step: Update) -> Phrase:
    return phrase(
        "Both gradients are {exactly}, and {J} stays {loss}. {terms} {outlook}",
        exactly=phrase("exactly 0") if _is_exact(step) else phrase("0 but for rounding"),
        J=J,
        loss=number(step.loss_before),
        terms=_why_both_are_zero(step),
        outlook=_outlook(step),
    )


def _is_exact(step: Update) -> bool:
    entries = (entry for row in (step.grad_center, *step.grad_outside) for entry in row)
    return all(isinstance(entry, Fraction) for entry in entries)


def _why_both_are_zero(step: Update) -> Phrase:
    if any(old_center(step)):
        return phrase("The terms of each cancel.")
    return phrase(
        "The gradient for each row of {U} is a multiple of {v}, which is 0; {terms}.",
        U=U,
        v=center_vector(step),
        terms=phrase(
            "that for {v} is a sum of multiples of rows of {U}, all 0",
            v=center_vector(step),
            U=U,
        )
        if _has_terms_of_zero(step)
        else phrase("the terms of that for {v} cancel", v=center_vector(step)),
    )


def _outlook(step: Update) -> Phrase:
    """Say whether this is a saddle or the minimum, and whether a step on another pair leaves it."""
    moving = pair_that_moves(step)
    only = phrase("Every negative is" if len(step.negatives) > 1 else "The only negative is")
    minimum = phrase(
        "{only} the target itself, so {J} depends on {s} alone, and is smallest here. ",
        only=only,
        J=J,
        s=SCORE_OF_TARGET,
    )
    if moving is not None:
        c, o = (word(step.words[w]) for w in moving)
        return phrase(
            "{minimum}{other} does move something.",
            minimum=minimum if is_minimum(step) else EMPTY,
            other=phrase("A step on another pair, or with other negatives,")
            if step.negatives
            else phrase("A step on another pair, ({c}, {o}) for one,", c=c, o=o),
        )
    return phrase(
        "{never} {kind}: start half-zeros ({V} random, {U} zero) or random instead.",
        never=_why_nothing_ever_moves(step),
        kind=phrase("{minimum}With any other negative it is a saddle", minimum=minimum)
        if is_minimum(step)
        else phrase("It is a saddle, not a minimum"),
        U=U,
        V=V,
    )


def _why_nothing_ever_moves(step: Update) -> Phrase:
    if not _any(step.U):
        return phrase("No rate and no number of steps changes that.")
    return phrase(
        "As {V} is 0 and the rows of {U} are equal, no pair{drawn} moves anything.",
        U=U,
        V=V,
        drawn=phrase(" with {K} = 1", K=K) if step.negatives else EMPTY,
    )


def _any(matrix: Matrix) -> bool:
    return any(map(any, matrix))


def _confirmation(step: Update) -> Phrase:
    found = step.confirmation
    shown = written_within(found.numerical, found.error, found.claimed)
    vector = vector_of("v" if found.of_center else "u", step.words[found.word])
    return phrase(
        "Finite difference, entry {k} of {vector}: {numerical} ({pm} {error}); gradient "
        "{claimed}. gradcheck.check, all {n} entries of {v} and {U}: {verdict}.{reason}",
        k=count(found.component),
        vector=vector,
        numerical=numeral(shown.measured),
        pm=PLUS_MINUS,
        error=numeral(shown.error),
        claimed=numeral(shown.claimed),
        n=count(found.entries),
        v=center_vector(step),
        U=U,
        verdict=phrase(found.verdict),
        # Where it cannot be decided (saturated, say), a page on paper has no room for the reason.
        reason=prose(f" {found.reason}") if found.verdict == "disagrees" else EMPTY,
    )
