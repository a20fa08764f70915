"""The contents of a walkthrough, part by part: the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradcheck.document.blocks import Block, Column, Document, Heading, Paragraph, Table
from gradcheck.document.spans import (
    Phrase,
    formula,
    joined,
    number,
    numeral,
    phrase,
    prose,
    vector_of,
    word,
)
from gradcheck.word2vec.lecture.phrases import center_vector, count, outside_vector
from gradcheck.word2vec.lecture.update import Update
from gradcheck.word2vec.loss import Telling
from gradcheck.word2vec.loss_table import named
from gradcheck.word2vec.walkthrough.measured import written_within
from gradcheck.word2vec.walkthrough.standstill import is_minimum, pair_that_moves

__all__ = ["changes", "contents", "setting", "update"]

_MOST_LISTED_WORDS, _MOST_LISTED_PAIRS = 20, 6


def contents(step: Update) -> Document:
    """Tell one update from the sentence to the check."""
    title = phrase(
        "One step on paper: skip-gram, {loss}, $η$ = {rate}",
        loss=phrase(named(step.loss).title),
        rate=number(step.rate),
    )
    blocks = (
        *setting(step),
        *_telling(step).forward(step),
        *update(step),
        Paragraph(phrase("{rows}{repeats}", rows=_rows_that_move(step), repeats=_repeats(step))),
        *_outcome(step),
    )
    return Document(title, blocks, is_compact=True)


def _telling(step: Update) -> Telling:
    return named(step.loss).telling


# ------------------------------------------------------------------------------- setting


def setting(step: Update) -> Iterator[Block]:
    """Tell the sentence, the pair and the vectors before the step."""
    yield Paragraph(
        phrase(
            "Sentence: {sentence}. A window of {size} gives {count} (center, outside) pairs; for "
            "{c}: {pairs}. This step: center $c$ = {c}, observed outside word $o$ = {o}."
            "{negatives}{tree} Numbers with four decimals are rounded, shorter ones exact. Rows of "
            "$U$ and $V$ are columns in the lecture:",
            sentence=_sentence(step),
            size=count(step.window),
            count=count(len(step.pairs)),
            c=word(step.words[step.center]),
            o=word(step.words[step.target]),
            pairs=_pairs_of_center(step),
            negatives=_negatives(step),
            tree=_tree(step),
        )
    )
    words = Column(phrase("word"), [_with_role(step, w) for w in range(len(step.words))])
    centers = Column(phrase("as center word: $v_w$"), step.V)
    if not step.paths:
        yield Table([words, Column(phrase("as outside word: $u_w$"), step.U), centers])
        return
    # A tree has an inner node fewer than words.
    nodes = [word(node) for node in step.rows]
    paths = [_path(step, w) for w in range(len(step.words))]
    yield Table(
        [
            words,
            centers,
            Column(phrase("path to it"), paths),
            Column(phrase("node"), [*nodes, None]),
            Column(phrase("its $u_n$"), [*step.U, None]),
        ]
    )


def _path(step: Update, index: int) -> Phrase:
    """Return the nodes on the way to a word, with the way that it goes from each."""
    nodes, signs = step.paths[index]
    turns = (
        phrase("{n} {way}", n=word(step.rows[node]), way=phrase("left" if sign > 0 else "right"))
        for node, sign in zip(nodes, signs, strict=True)
    )
    return joined(turns)


def _with_role(step: Update, index: int) -> Phrase:
    roles = [formula(role) for role, w in (("c", step.center), ("o", step.target)) if w == index]
    shown = word(step.words[index])
    return phrase("{w} ({roles})", w=shown, roles=joined(roles)) if roles else shown


def _sentence(step: Update) -> Phrase:
    words = [word(step.words[w]) for w in step.positions[:_MOST_LISTED_WORDS]]
    rest = len(step.positions) - len(words)
    if rest:
        words.append(phrase("… and {n} more words", n=count(rest)))
    return joined(words, phrase(" "))


def _pairs_of_center(step: Update) -> Phrase:
    outside = list(dict.fromkeys(o for c, o in step.pairs if c == step.center))
    center = word(step.words[step.center])
    pairs = [
        phrase("({c}, {o})", c=center, o=word(step.words[o])) for o in outside[:_MOST_LISTED_PAIRS]
    ]
    return joined([*pairs, *[phrase("…")] * (len(outside) > _MOST_LISTED_PAIRS)])


def _negatives(step: Update) -> Phrase:
    if not step.negatives:
        return Phrase()
    drawn = joined(word(step.words[n]) for n in step.negatives)
    return phrase(" Negatives ($K$ = {n}): {drawn}.", n=count(len(step.negatives)), drawn=drawn)


def _tree(step: Update) -> Phrase:
    if not step.paths:
        return Phrase()
    return phrase(
        " The words are leaves of Huffman's tree, by their counts, and rows of $U$ belong to its "
        "{n} inner nodes, of which {root} is the root.",
        n=count(len(step.rows)),
        root=word(step.rows[-1]),
    )


# -------------------------------------------------------------------------------- update


def update(step: Update) -> Iterator[Block]:
    """Tell the vectors that move, before the step and after."""
    yield Heading(
        phrase(
            "Update: $new = old - η ∂J$, $η$ = {rate}; {outside}",
            rate=number(step.rate),
            outside=_telling(step).outside,
        )
    )
    words = list(dict.fromkeys(row.word for row in step.predictions))
    names = [center_vector(step), *(outside_vector(step, w) for w in words)]
    old = [step.V[step.center], *(step.U[w] for w in words)]
    new = [step.V_after[step.center], *(step.U_after[w] for w in words)]
    yield Table(
        [
            Column(phrase("vector"), names),
            Column(phrase("old"), old, is_repeated=True),
            Column(formula("∂J"), [step.grad_center, *(step.grad_outside[w] for w in words)]),
            Column(phrase("new"), new),
        ]
    )


def _rows_that_move(step: Update) -> Phrase:
    if _telling(step).moves_all_rows:
        most = count(len(step.words))
    else:
        known = phrase("$L$" if step.paths else "$K$ + 1")
        most = phrase("{known} = {n}", known=known, n=count(len(step.predictions)))
    return phrase(
        "Up to 1 row of $V$, {most} of $U$ can move; here {v} and {u}.{rest}",
        most=most,
        v=count(int(step.moved_center)),
        u=count(len(step.moved_outside)),
        rest=Phrase() if step.moved_center else _why_the_center_rests(step),
    )


def _why_the_center_rests(step: Update) -> Phrase:
    v_c = center_vector(step)
    if not any(map(any, step.U)):
        return phrase(" {v} stays, as $U$ is 0.", v=v_c)
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
        return Phrase()
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
                "After the step: $J$ = {after}, before {before}{remark}",
                after=number(step.loss_after),
                before=number(step.loss_before),
                remark=phrase(". It grew: $η$ is too large") if grew else Phrase(),
            )
        )
        yield changes(step)
    else:
        yield Heading(phrase("Nothing moves"))
        yield Paragraph(_why_nothing_moves(step))
    yield Paragraph(_confirmation(step))


def changes(step: Update) -> Table:
    """Tell what the step did to each score and each prediction."""
    telling = _telling(step)
    before, after = map(telling.predicted, (step.scores, step.scores_after))
    effects = [_effect(step, row) for row in range(len(step.rows))]
    of_row = "u_n·v_c" if step.paths else "u_w·v_c"
    return Table(
        [
            Column(phrase("node" if step.paths else "word"), [word(row) for row in step.rows]),
            Column(formula(of_row), step.scores),
            Column(phrase("new"), step.scores_after),
            Column(telling.prediction, before, "fraction"),
            Column(phrase("new"), after, "fraction"),
            Column(phrase("by growth of {score}", score=formula(of_row)), effects),
        ]
    )


def _effect(step: Update, index: int) -> Phrase:
    change = step.changes[index]
    if change == 0:
        return phrase("as before")
    if change < 0:
        return phrase("pushed apart")
    if any(row.word == index and row.observed for row in step.predictions):
        return phrase("pulled together")
    # What was not observed is never pulled by its own row of the gradient.
    return phrase("together ($v_c$ moved)")


def _why_nothing_moves(step: Update) -> Phrase:
    entries = (entry for row in (step.grad_center, *step.grad_outside) for entry in row)
    is_exact = all(isinstance(entry, Fraction) for entry in entries)
    return phrase(
        "Both gradients are {exactly}, and $J$ stays {loss}. {terms} {outlook}",
        exactly=phrase("exactly 0" if is_exact else "0 but for rounding"),
        loss=number(step.loss_before),
        terms=_why_both_are_zero(step),
        outlook=_outlook(step),
    )


def _why_both_are_zero(step: Update) -> Phrase:
    if any(step.V[step.center]):
        return phrase("The terms of each cancel.")
    v_c = center_vector(step)
    terms = (
        phrase("that for {v} is a sum of multiples of rows of $U$, all 0", v=v_c)
        if _has_terms_of_zero(step)
        else phrase("the terms of that for {v} cancel", v=v_c)
    )
    return phrase(
        "The gradient for each row of $U$ is a multiple of {v}, which is 0; {terms}.",
        v=v_c,
        terms=terms,
    )


def _outlook(step: Update) -> Phrase:
    """Say whether this is a saddle or the minimum, and whether a step on another pair leaves it."""
    moving = pair_that_moves(step)
    minimum = phrase(
        "{only} the target itself, so $J$ depends on $u_o·v_c$ alone, and is smallest here. ",
        only=phrase("Every negative is" if len(step.negatives) > 1 else "The only negative is"),
    )
    if moving is not None:
        c, o = (word(step.words[w]) for w in moving)
        return phrase(
            "{minimum}{other} does move something.",
            minimum=minimum if is_minimum(step) else Phrase(),
            other=phrase("A step on another pair, or with other negatives,")
            if step.negatives
            else phrase("A step on another pair, ({c}, {o}) for one,", c=c, o=o),
        )
    return phrase(
        "{never} {kind}: start half-zeros ($V$ random, $U$ zero) or random instead.",
        never=_why_nothing_ever_moves(step),
        kind=phrase("{minimum}With any other negative it is a saddle", minimum=minimum)
        if is_minimum(step)
        else phrase("It is a saddle, not a minimum"),
    )


def _why_nothing_ever_moves(step: Update) -> Phrase:
    if not any(map(any, step.U)):
        return phrase("No rate and no number of steps changes that.")
    if step.paths:
        return phrase("As $V$ is 0 and the terms of every pair cancel, no pair moves anything.")
    return phrase(
        "As $V$ is 0 and the rows of $U$ are equal, no pair{drawn} moves anything.",
        drawn=phrase(" with $K$ = 1") if step.negatives else Phrase(),
    )


def _confirmation(step: Update) -> Phrase:
    found = step.confirmation
    shown = written_within(found.numerical, found.error, found.claimed)
    named_after = (step.words if found.of_center else step.rows)[found.word]
    vector = vector_of("v" if found.of_center else "u", named_after)
    return phrase(
        "Finite difference, entry {k} of {vector}: {numerical} ($±$ {error}); gradient "
        "{claimed}. gradcheck.check, all {n} entries of {v} and $U$: {verdict}.{reason}",
        k=count(found.component),
        vector=vector,
        numerical=numeral(shown.measured),
        error=numeral(shown.error),
        claimed=numeral(shown.claimed),
        n=count(found.entries),
        v=center_vector(step),
        verdict=phrase(found.verdict),
        # Where it cannot be decided (saturated, say), a page on paper has no room for the reason.
        reason=prose(f" {found.reason}") if found.verdict == "disagrees" else Phrase(),
    )
