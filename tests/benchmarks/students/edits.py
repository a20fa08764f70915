# ruff: noqa: E501 - a passage of a file stands in one piece
"""The mistakes as edits of the right text: in each style, pairs of an old and a new passage.

It is long since every mistake is made in three styles.
"""

from __future__ import annotations

Edit = tuple[tuple[str, str], ...]

_B = "\n    return loss, gradCenterVec, gradOutsideVecs"
_N = "\n    return J, dv, dU"


def _before(text: str, *styles: str) -> dict[str, Edit]:
    """Return the edit that puts a line before the return, with the names of each style."""
    plain = {"loss": "loss", "GC": "gradCenterVec", "GO": "gradOutsideVecs", "VC": "centerWordVec",
             "UU": "outsideVectors", "OO": "outsideWordIdx"}  # fmt: skip
    short = {"loss": "J", "GC": "dv", "GO": "dU", "VC": "v", "UU": "U", "OO": "o"}
    edits: dict[str, Edit] = {}
    for style in styles or ("loops", "vectors", "names"):
        line, names = text, short if style == "names" else plain
        for old, new in names.items():
            line = line.replace(old, new)
        end = _N if style == "names" else _B
        edits[style] = ((end, f"\n    {line}{end}"),)
    return edits


def _each(loops: object, vectors: object, names: object) -> dict[str, Edit]:
    return {
        style: edit if edit and isinstance(edit[0], tuple) else (edit,)  # type: ignore[index,misc]
        for style, edit in (("loops", loops), ("vectors", vectors), ("names", names))
        if edit
    }


SIGMOID = {
    "sigmoid-of-minus-x": _each(
        ("np.exp(-x)", "np.exp(x)"), ("np.exp(-x)", "np.exp(x)"), ("np.exp(-z)", "np.exp(z)")
    ),
    "sigmoid-derivative": _each(
        ("return s\n", "return s * (1 - s)\n"),
        (
            "    return np.divide(1.0, 1.0 + np.exp(-x))",
            "    s = 1 / (1 + np.exp(-x))\n    return s * (1 - s)",
        ),
        ("1.0 / (1.0 + e)", "e / (1.0 + e) ** 2"),
    ),
    "brackets-missing": _each(
        ("1 / (1 + np.exp(-x))", "1 / 1 + np.exp(-x)"),
        ("np.divide(1.0, 1.0 + np.exp(-x))", "1 / 1 + np.exp(-x)"),
        ("1.0 / (1.0 + e)", "1.0 / 1.0 + e"),
    ),
    "minus-in-denominator": _each(
        ("1 + np.exp(-x)", "1 - np.exp(-x)"),
        ("1.0 + np.exp(-x)", "1.0 - np.exp(-x)"),
        ("1.0 + e", "1.0 - e"),
    ),
    "tanh-for-sigmoid": _each(
        ("1 / (1 + np.exp(-x))", "np.tanh(x)"),
        ("np.divide(1.0, 1.0 + np.exp(-x))", "(1 + np.tanh(x)) / 2"),
        ("    e = np.exp(-z)\n    out = 1.0 / (1.0 + e)", "    out = np.tanh(z)"),
    ),
    "log-sigmoid": _each(
        ("1 / (1 + np.exp(-x))", "np.log(1 / (1 + np.exp(-x)))"),
        ("np.divide(1.0, 1.0 + np.exp(-x))", "-np.log(1.0 + np.exp(-x))"),
        ("1.0 / (1.0 + e)", "np.log(1.0 / (1.0 + e))"),
    ),
    "exponential-missing": _each(
        ("np.exp(-x)", "(-x)"), ("np.exp(-x)", "(-x)"), ("np.exp(-z)", "-z")
    ),
    "exponential-only": _each(
        ("1 / (1 + np.exp(-x))", "np.exp(-x)"),
        ("np.divide(1.0, 1.0 + np.exp(-x))", "np.exp(x)"),
        ("1.0 / (1.0 + e)", "e"),
    ),
    "softmax-of-x": _each(
        ("1 / (1 + np.exp(-x))", "np.exp(x) / np.sum(np.exp(x))"),
        ("np.divide(1.0, 1.0 + np.exp(-x))", "np.exp(x) / np.exp(x).sum()"),
        (
            "    e = np.exp(-z)\n    out = 1.0 / (1.0 + e)",
            "    e = np.exp(z)\n    out = e / np.sum(e)",
        ),
    ),
    "whole-numbers": _each(
        ("np.exp(-x)", "np.exp(-np.asarray(x).astype(int))"),
        ("np.exp(-x)", "np.exp(-np.int64(x))"),
        ("np.exp(-z)", "np.exp(-np.array(z).astype('int'))"),
    ),
    "single-precision": _each(
        ("return s\n", "return np.float32(s)\n"),
        (
            "return np.divide(1.0, 1.0 + np.exp(-x))",
            "return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float32)",
        ),
        ("return out", "return np.asarray(out).astype('float32')"),
    ),
}

NAIVE = {
    "scores-negated": _each(
        ("np.dot(u, centerWordVec) for", "-np.dot(u, centerWordVec) for"),
        ("softmax(outsideVectors", "softmax(-outsideVectors"),
        ("U.dot(v)", "-U.dot(v)"),
    ),
    "one-hot-missing": _each(
        ("    delta[outsideWordIdx] -= 1\n", ""),
        ("np.outer(y_hat - y,", "np.outer(y_hat,"),
        ("    p[o] -= 1.0\n", ""),
    ),
    "one-hot-added": _each(
        ("-= 1", "+= 1"),
        ("np.outer(y_hat - y,", "np.outer(y_hat + y,"),
        ("p[o] -= 1.0", "p[o] += 1.0"),
    ),
    "one-hot-at-argmax": _each(
        ("delta[outsideWordIdx]", "delta[np.argmax(delta)]"),
        ("y[outsideWordIdx] = 1", "y[np.argmax(y_hat)] = 1"),
        ("p[o] -= 1.0", "p[p.argmax()] -= 1.0"),
    ),
    "one-hot-shifted": _each(
        ("delta[outsideWordIdx]", "delta[outsideWordIdx - 1]"),
        ("y[outsideWordIdx] = 1", "y[outsideWordIdx - 1] = 1"),
        ("p[o] -= 1.0", "p[o - 1] -= 1.0"),
    ),
    "one-hot-at-first": _each(
        ("delta[outsideWordIdx]", "delta[0]"),
        ("y[outsideWordIdx] = 1", "y[0] = 1"),
        ("p[o] -= 1.0", "p[0] -= 1.0"),
    ),
    "expectation-missing": _each(
        ("y_hat.copy()", "np.zeros_like(y_hat)"),
        ("outsideVectors.T @ (y_hat - y)", "-outsideVectors[outsideWordIdx]"),
        ("U.T.dot(p)", "-U[o]"),
    ),
    "uniform-expectation": _each(
        ("y_hat.copy()", "np.full(len(y_hat), 1 / len(y_hat))"),
        (
            "outsideVectors.T @ (y_hat - y)",
            "np.mean(outsideVectors, axis=0) - outsideVectors[outsideWordIdx]",
        ),
        ("U.T.dot(p)", "U.mean(axis=0) - U[o]"),
    ),
    "not-normalised": _each(
        ("softmax(scores)", "np.exp(scores)"),
        ("softmax(outsideVectors @ centerWordVec)", "np.exp(outsideVectors @ centerWordVec)"),
        ("np.exp(z) / np.sum(np.exp(z))", "np.exp(z)"),
    ),
    "sigmoid-for-softmax": _each(
        ("softmax(scores)", "sigmoid(scores)"),
        ("softmax(outsideVectors", "sigmoid(outsideVectors"),
        ("np.exp(z) / np.sum(np.exp(z))", "sigmoid(z)"),
    ),
    "target-row-only": _each(
        ("for w in range(len(outsideVectors))", "for w in [outsideWordIdx]"),
        (
            "    gradOutsideVecs = np.outer(y_hat - y, centerWordVec)",
            "    gradOutsideVecs = np.zeros_like(outsideVectors)\n    gradOutsideVecs[outsideWordIdx] = (y_hat[outsideWordIdx] - 1) * centerWordVec",
        ),
        (
            "    dU = p.reshape(-1, 1) * v.reshape(1, -1)",
            "    dU = np.zeros(U.shape)\n    dU[o] = p[o] * v",
        ),
    ),
    "target-row-missing": _each(
        (
            "        gradCenterVec += delta[w]",
            "        if w == outsideWordIdx: continue\n        gradCenterVec += delta[w]",
        ),
        ("np.outer(y_hat - y,", "np.outer(y_hat * (1 - y),"),
        ("    dv = U.T", "    p[o] = 0\n    dv = U.T"),
    ),
    "softmax-derivative-twice": _each(
        (
            "    delta[outsideWordIdx] -= 1\n",
            "    delta[outsideWordIdx] -= 1\n    delta = (np.diag(y_hat) - np.outer(y_hat, y_hat)) @ delta\n",
        ),
        (
            "outsideVectors.T @ (y_hat - y)",
            "outsideVectors.T @ ((np.diag(y_hat) - np.outer(y_hat, y_hat)) @ (y_hat - y))",
        ),
        (
            "    J = -np.log(p[o])\n    p[o] -= 1.0\n",
            "    J = -np.log(p[o])\n    D = np.diag(p) - np.outer(p, p)\n    p[o] -= 1.0\n    p = D.dot(p)\n",
        ),
    ),
    "sigmoid-derivative-factor": _each(
        (
            "    delta[outsideWordIdx] -= 1\n",
            "    delta[outsideWordIdx] -= 1\n    delta *= y_hat * (1 - y_hat)\n",
        ),
        ("(y_hat - y)", "((y_hat - y) * y_hat * (1 - y_hat))"),
        (
            "    J = -np.log(p[o])\n    p[o] -= 1.0\n",
            "    J = -np.log(p[o])\n    q = p * (1 - p)\n    p[o] -= 1.0\n    p = p * q\n",
        ),
    ),
    "outside-vector-for-center": _each(
        ("delta[w] * centerWordVec", "delta[w] * outsideVectors[outsideWordIdx]"),
        (
            "np.outer(y_hat - y, centerWordVec)",
            "np.outer(y_hat - y, outsideVectors[outsideWordIdx])",
        ),
        ("v.reshape(1, -1)", "U"),
    ),
    "log-missing": _each(
        ("-np.log(y_hat[outsideWordIdx])", "-y_hat[outsideWordIdx]"),
        ("-np.log(y_hat[outsideWordIdx])", "1 - y_hat[outsideWordIdx]"),
        ("-np.log(p[o])", "-p[o]"),
    ),
    "log-over-vocabulary": _each(
        ("-np.log(y_hat[outsideWordIdx])", "-np.sum(np.log(y_hat))"),
        ("-np.log(y_hat[outsideWordIdx])", "-np.mean(np.log(y_hat))"),
        ("-np.log(p[o])", "-np.log(p).sum()"),
    ),
    "normaliser-only": _each(
        ("-np.log(y_hat[outsideWordIdx])", "np.log(np.sum(np.exp(scores)))"),
        ("-np.log(y_hat[outsideWordIdx])", "np.log(np.exp(outsideVectors @ centerWordVec).sum())"),
        ("-np.log(p[o])", "np.log(np.sum(np.exp(z)))"),
    ),
    "normaliser-missing": _each(
        ("-np.log(y_hat[outsideWordIdx])", "-scores[outsideWordIdx]"),
        ("-np.log(y_hat[outsideWordIdx])", "-outsideVectors[outsideWordIdx] @ centerWordVec"),
        ("-np.log(p[o])", "-z[o]"),
    ),
    "shift-not-undone": _each(
        (
            "-np.log(y_hat[outsideWordIdx])",
            "-scores[outsideWordIdx] + np.log(np.sum(np.exp(scores - scores.max())))",
        ),
        (
            "-np.log(y_hat[outsideWordIdx])",
            "np.log(np.exp(outsideVectors @ centerWordVec - np.max(outsideVectors @ centerWordVec)).sum()) - outsideVectors[outsideWordIdx] @ centerWordVec",
        ),
        ("-np.log(p[o])", "np.log(np.sum(np.exp(z))) - (z[o] - np.max(z))"),
    ),
    "squared-error": _each(
        (
            "-np.log(y_hat[outsideWordIdx])",
            "np.sum((y_hat - np.eye(len(y_hat))[outsideWordIdx]) ** 2)",
        ),
        ("-np.log(y_hat[outsideWordIdx])", "0.5 * np.sum((y_hat - y) ** 2)"),
        ("-np.log(p[o])", "np.mean((p - np.eye(len(p))[o]) ** 2)"),
    ),
    "other-words-counted": _each(
        (
            "-np.log(y_hat[outsideWordIdx])",
            "-np.log(y_hat[outsideWordIdx]) - sum(np.log(1 - y_hat[w]) for w in range(len(y_hat)) if w != outsideWordIdx)",
        ),
        ("-np.log(y_hat[outsideWordIdx])", "-np.log(np.where(y == 1, y_hat, 1 - y_hat)).sum()"),
        ("-np.log(p[o])", "-np.log(p[o]) - np.log(1 - np.delete(p, o)).sum()"),
    ),
    "one-hot-subtracted-in-place": _each(
        (
            (
                "    loss = -np.log(y_hat[outsideWordIdx])\n    delta = y_hat.copy()\n    delta[outsideWordIdx] -= 1\n",
                "    delta = y_hat\n    delta[outsideWordIdx] -= 1\n    loss = -np.log(y_hat[outsideWordIdx])\n",
            ),
        ),
        (
            (
                "    loss = -np.log(y_hat[outsideWordIdx])\n",
                "    y_hat -= y\n    loss = -np.log(y_hat[outsideWordIdx])\n",
            ),
            ("T @ (y_hat - y)", "T @ y_hat"),
            ("outer(y_hat - y,", "outer(y_hat,"),
        ),
        (("    J = -np.log(p[o])\n    p[o] -= 1.0\n", "    p[o] -= 1.0\n    J = -np.log(p[o])\n"),),
    ),
    "epsilon-in-log": _each(
        ("np.log(y_hat[outsideWordIdx])", "np.log(y_hat[outsideWordIdx] + 1e-8)"),
        ("np.log(y_hat[outsideWordIdx])", "np.log(y_hat[outsideWordIdx] + 1e-10)"),
        ("np.log(p[o])", "np.log(p[o] + 1e-6)"),
    ),
    "probability-clipped": _each(
        ("np.log(y_hat[outsideWordIdx])", "np.log(max(y_hat[outsideWordIdx], 1e-4))"),
        ("np.log(y_hat[outsideWordIdx])", "np.log(np.clip(y_hat[outsideWordIdx], 1e-5, 1 - 1e-5))"),
        ("np.log(p[o])", "np.log(np.clip(p[o], 1e-4, 1 - 1e-4))"),
    ),
    "divided-by-vocabulary": _before("loss = loss / len(UU)"),
    "times-vocabulary": _before("loss = loss * len(UU)"),
    "divided-by-dimension": _before("GC = GC / len(VC)"),
    "other-logarithm": _each(
        ("np.log(", "np.log2("), ("np.log(", "np.log10("), ("np.log(", "np.log2(")
    ),
    "constant-factor": _before("GO = 0.1 * GO"),
    "sign": _before("GC = -GC"),
    "zero": _before("GO = np.zeros_like(GO)"),
    "weight-decay": _before("GC = GC + 0.01 * VC"),
    "rounded": _before("GC = np.round(GC, 4)"),
    "results-swapped": _each(
        (
            "return loss, gradCenterVec, gradOutsideVecs",
            "return loss, gradOutsideVecs, gradCenterVec",
        ),
        (
            "return loss, gradCenterVec, gradOutsideVecs",
            "return loss, gradOutsideVecs, gradCenterVec",
        ),
        ("return J, dv, dU", "return J, dU, dv"),
    ),
    "transposed": _each(
        (
            "return loss, gradCenterVec, gradOutsideVecs",
            "return loss, gradCenterVec, gradOutsideVecs.T",
        ),
        ("np.outer(y_hat - y, centerWordVec)", "np.outer(centerWordVec, y_hat - y)"),
        ("return J, dv, dU", "return J, dv, dU.T"),
    ),
    "extra-axis": _each(
        ("return loss, gradCenterVec,", "return loss, gradCenterVec.reshape(-1, 1),"),
        ("outsideVectors.T @ (y_hat - y)", "outsideVectors.T @ (y_hat - y)[:, None]"),
        ("return J, dv,", "return J, dv.reshape(1, -1),"),
    ),
    "axis-lost": _each(
        ("return loss, gradCenterVec,", "return loss, np.squeeze(gradCenterVec),"),
        ("return loss, gradCenterVec,", "return loss, np.squeeze(gradCenterVec),"),
        ("return J, dv,", "return J, dv.squeeze(),"),
    ),
    "loss-array": _each(
        ("return loss,", "return np.array([loss]),"),
        ("return loss,", "return loss.reshape(1, 1),"),
        ("return J,", "return np.atleast_1d(J),"),
    ),
    "loss-not-summed": _each(
        ("-np.log(y_hat[outsideWordIdx])", "-np.log(y_hat)"),
        ("-np.log(y_hat[outsideWordIdx])", "-y * np.log(y_hat)"),
        ("-np.log(p[o])", "-np.log(p)"),
    ),
    "summed-to-a-number": _each(
        ("return loss, gradCenterVec,", "return loss, np.sum(gradCenterVec),"),
        ("outsideVectors.T @ (y_hat - y)", "np.sum(outsideVectors * (y_hat - y)[:, None])"),
        ("U.T.dot(p)", "np.sum(p[:, None] * U)"),
    ),
    "axis-wrong": _each(
        None,
        ("outsideVectors.T @ (y_hat - y)", "np.sum(outsideVectors * (y_hat - y)[:, None], axis=1)"),
        ("U.T.dot(p)", "np.sum(p[:, None] * U, axis=1)"),
    ),
    "single-precision": _each(
        ("np.zeros(outsideVectors.shape)", "np.zeros(outsideVectors.shape, dtype=np.float32)"),
        ("return loss, gradCenterVec,", "return loss, gradCenterVec.astype(np.float32),"),
        ("return J, dv,", "return J, dv.astype('float32'),"),
    ),
    "argument-overwritten": _before("UU -= 0.1 * GO"),
    "exp-overflows": _each(
        ("softmax(scores)", "np.exp(scores) / np.sum(np.exp(scores))"),
        (
            "softmax(outsideVectors @ centerWordVec)",
            "np.exp(outsideVectors @ centerWordVec) / np.exp(outsideVectors @ centerWordVec).sum()",
        ),
        None,
    ),
    "drawn-at-random": _before("GC = GC + 1e-3 * np.random.randn(*GC.shape)"),
}

NEGATIVE = {
    "negatives-missing": _each(
        (
            ("        loss -= np.log(1 - t)\n", ""),
            ("        gradCenterVec += t * outsideVectors[k]\n", ""),
            ("        gradOutsideVecs[k] += t * centerWordVec\n", "        pass\n"),
        ),
        (
            (" - np.sum(np.log(1 - neg))", ""),
            (" + neg @ U_k", ""),
            ("    np.add.at(gradOutsideVecs, negatives, np.outer(neg, centerWordVec))\n", ""),
        ),
        ("enumerate(words)", "enumerate(words[:1])"),
    ),
    "target-missing": _each(
        (
            ("    loss -= np.log(s)\n", ""),
            ("    gradCenterVec += (s - 1) * outsideVectors[outsideWordIdx]\n", ""),
            ("    gradOutsideVecs[outsideWordIdx] += (s - 1) * centerWordVec\n", ""),
        ),
        (
            ("-np.log(pos) - np", "-np"),
            ("(pos - 1) * u_o + neg", "neg"),
            ("    gradOutsideVecs[outsideWordIdx] += (pos - 1) * centerWordVec\n", ""),
        ),
        ("        y = 1.0", "        if i == 0: continue\n        y = 1.0"),
    ),
    "target-sign": _each(
        ("(s - 1) * outsideVectors", "(1 - s) * outsideVectors"),
        ("(pos - 1) * u_o", "(1 - pos) * u_o"),
        ("dv += (p - y) * U[w]", "dv += (1 - p if i == 0 else p) * U[w]"),
    ),
    "negatives-sign": _each(
        ("gradCenterVec += t *", "gradCenterVec -= t *"),
        ("* u_o + neg", "* u_o - neg"),
        ("dv += (p - y) * U[w]", "dv += (p - 1 if i == 0 else -p) * U[w]"),
    ),
    "sigmoid-not-minus-one": _each(
        (("(s - 1) * outside", "s * outside"), ("(s - 1) * center", "s * center")),
        (("(pos - 1) * u_o", "pos * u_o"), ("(pos - 1) * center", "pos * center")),
        ("y = 1.0 if i == 0 else 0.0", "y = 0.0"),
    ),
    "negatives-like-target": _each(
        (
            ("np.log(1 - t)", "np.log(t)"),
            ("+= t * outside", "+= (t - 1) * outside"),
            ("+= t * center", "+= (t - 1) * center"),
        ),
        (
            ("np.log(1 - neg)", "np.log(neg)"),
            ("+ neg @ U_k", "+ (neg - 1) @ U_k"),
            ("np.outer(neg,", "np.outer(neg - 1,"),
        ),
        (("y = 1.0 if i == 0 else 0.0", "y = 1.0"), ("else -np.log(1 - p)", "else -np.log(p)")),
    ),
    "sigmoid-of-minus": _each(
        (("+= t * outside", "+= (1 - t) * outside"), ("+= t * center", "+= (1 - t) * center")),
        (("+ neg @ U_k", "+ (1 - neg) @ U_k"), ("np.outer(neg,", "np.outer(1 - neg,")),
        (("        dv +=", "        if i > 0: p = 1 - p\n        dv +="),),
    ),
    "score-for-sigmoid": _each(
        (
            ("gradCenterVec += t *", "gradCenterVec += np.dot(outsideVectors[k], centerWordVec) *"),
            (
                "gradOutsideVecs[k] += t *",
                "gradOutsideVecs[k] += np.dot(outsideVectors[k], centerWordVec) *",
            ),
        ),
        (("+ neg @ U_k", "+ (U_k @ centerWordVec) @ U_k"),),
        (("        dv +=", "        p = U[w].dot(v)\n        dv +="),),
    ),
    "softmax-for-sigmoid": _each(
        None,
        (
            (
                "    pos = sigmoid(u_o @ centerWordVec)\n    neg = sigmoid(U_k @ centerWordVec)\n",
                "    probs = softmax(np.append(u_o @ centerWordVec, U_k @ centerWordVec))\n    pos, neg = probs[0], probs[1:]\n",
            ),
            (" - np.sum(np.log(1 - neg))", ""),
        ),
        (
            (
                "        p = sigmoid(U[w].dot(v))\n        J += -np.log(p) if i == 0 else -np.log(1 - p)",
                "        p = softmax(U[words].dot(v))[i]\n        J -= y * np.log(p)",
            ),
        ),
    ),
    "target-scores-negatives": _each(
        (
            "np.dot(outsideVectors[k], centerWordVec))",
            "np.dot(outsideVectors[outsideWordIdx], centerWordVec))",
        ),
        ("neg = sigmoid(U_k @ centerWordVec)", "neg = sigmoid(np.full(K, u_o @ centerWordVec))"),
        ("sigmoid(U[w].dot(v))", "sigmoid(U[o].dot(v))"),
    ),
    "sigmoid-derivative-factor": _each(
        (
            ("(s - 1) * outside", "(s - 1) * s * (1 - s) * outside"),
            ("+= t * outside", "+= t * t * (1 - t) * outside"),
        ),
        (
            ("(pos - 1) * u_o", "(pos - 1) * pos * (1 - pos) * u_o"),
            ("+ neg @ U_k", "+ (neg * neg * (1 - neg)) @ U_k"),
        ),
        ("dv += (p - y) * U[w]", "dv += (p - y) * p * (1 - p) * U[w]"),
    ),
    "negatives-averaged": _each(
        (("np.log(1 - t)", "np.log(1 - t) / K"),),
        ("np.sum(np.log(1 - neg))", "np.mean(np.log(1 - neg))"),
        ("else -np.log(1 - p)", "else -np.log(1 - p) / K"),
    ),
    "negatives-times-count": _each(
        ("+= t * outside", "+= K * t * outside"),
        ("+ neg @ U_k", "+ K * (neg @ U_k)"),
        ("dv += (p - y) * U[w]", "dv += (p - y) * U[w] * (1 if i == 0 else K)"),
    ),
    "target-counted-each-time": _each(
        (
            ("    loss -= np.log(s)\n", ""),
            ("        loss -= np.log(1 - t)\n", "        loss -= np.log(s) + np.log(1 - t)\n"),
        ),
        (
            "loss = -np.log(pos) - np.sum(np.log(1 - neg))",
            "loss = -np.sum(np.log(pos) + np.log(1 - neg))",
        ),
        ("J += -np.log(p) if i == 0 else", "J += -K * np.log(p) if i == 0 else"),
    ),
    "last-negative-only": _each(
        (("gradCenterVec += t *", "gradCenterVec = t *"),),
        (("+ neg @ U_k", "+ neg[-1] * U_k[-1]"),),
        (("dv += (p - y)", "dv = (p - y)"),),
    ),
    "first-negative-only": _each(
        (
            "        gradOutsideVecs[k] += t * centerWordVec\n",
            "        gradOutsideVecs[k] += t * centerWordVec\n        break\n",
        ),
        (
            (
                "U_k = outsideVectors[negatives]",
                "negatives = negatives[:1]\n    U_k = outsideVectors[negatives]",
            ),
        ),
        (
            "        dU[w] += (p - y) * v\n",
            "        dU[w] += (p - y) * v\n        if i == 1: break\n",
        ),
    ),
    "negative-skipped": _each(
        ("for k in negSampleWordIndices:", "for k in negSampleWordIndices[:-1]:"),
        (
            (
                "U_k = outsideVectors[negatives]",
                "negatives = negatives[1:]\n    U_k = outsideVectors[negatives]",
            ),
        ),
        ("enumerate(words)", "enumerate(words[:-1])"),
    ),
    "repeats-lost": _each(
        ("gradOutsideVecs[k] += t", "gradOutsideVecs[k] = t"),
        (
            "np.add.at(gradOutsideVecs, negatives, np.outer(neg, centerWordVec))",
            "gradOutsideVecs[negatives] += np.outer(neg, centerWordVec)",
        ),
        ("dU[w] += (p", "dU[w] = (p"),
    ),
    "negatives-deduplicated": _each(
        ("for k in negSampleWordIndices:", "for k in set(negSampleWordIndices):"),
        (
            "U_k = outsideVectors[negatives]",
            "negatives = np.unique(negatives)\n    U_k = outsideVectors[negatives]",
        ),
        (
            "[o] + list(getNegativeSamples(o, dataset, K))",
            "[o] + list(set(getNegativeSamples(o, dataset, K)))",
        ),
    ),
    "fresh-negatives-for-gradient": _each(
        (
            (
                "        gradCenterVec += t * outsideVectors[k]\n        gradOutsideVecs[k]",
                "    for k in getNegativeSamples(outsideWordIdx, dataset, K):\n        t = sigmoid(np.dot(outsideVectors[k], centerWordVec))\n        gradCenterVec += t * outsideVectors[k]\n        gradOutsideVecs[k]",
            ),
        ),
        (
            "    gradCenterVec = (pos",
            "    negatives = getNegativeSamples(outsideWordIdx, dataset, K)\n    U_k = outsideVectors[negatives]\n    neg = sigmoid(U_k @ centerWordVec)\n    gradCenterVec = (pos",
        ),
        (
            (
                "        dv += (p - y) * U[w]\n",
                "    words = [o] + getNegativeSamples(o, dataset, K)\n    for i, w in enumerate(words):\n        y = 1.0 if i == 0 else 0.0\n        p = sigmoid(U[w].dot(v))\n        dv += (p - y) * U[w]\n",
            ),
        ),
    ),
    "negatives-drawn-twice": _each(
        (
            "    loss = 0.0\n",
            "    negSampleWordIndices = getNegativeSamples(outsideWordIdx, dataset, K)\n    loss = 0.0\n",
        ),
        (
            "    u_o = outside",
            "    negatives = getNegativeSamples(outsideWordIdx, dataset, K)\n    u_o = outside",
        ),
        ("    J, dv, dU", "    words = [o] + getNegativeSamples(o, dataset, K)\n    J, dv, dU"),
    ),
    "sample-number-for-word": _each(
        (
            ("for k in negSampleWordIndices:", "for i, k in enumerate(negSampleWordIndices):"),
            ("gradOutsideVecs[k] +=", "gradOutsideVecs[i] +="),
        ),
        None,
        None,
    ),
    "negatives-in-target-row": _each(
        ("gradOutsideVecs[k] +=", "gradOutsideVecs[outsideWordIdx] +="),
        (
            "    np.add.at(gradOutsideVecs, negatives, np.outer(neg, centerWordVec))\n",
            "    gradOutsideVecs[outsideWordIdx] += neg.sum() * centerWordVec\n",
        ),
        ("dU[w] +=", "dU[o] +="),
    ),
    "every-row": _each(
        (
            ("gradOutsideVecs[outsideWordIdx] +=", "gradOutsideVecs +="),
            ("gradOutsideVecs[k] +=", "gradOutsideVecs +="),
        ),
        (
            (
                "gradOutsideVecs[outsideWordIdx] += (pos - 1) * centerWordVec",
                "gradOutsideVecs += (pos - 1) * centerWordVec",
            ),
            (
                "    np.add.at(gradOutsideVecs, negatives, np.outer(neg, centerWordVec))\n",
                "    gradOutsideVecs += neg.sum() * centerWordVec\n",
            ),
        ),
        ("dU[w] +=", "dU +="),
    ),
    "target-vector-for-every-word": _each(
        ("+= t * outsideVectors[k]", "+= t * outsideVectors[outsideWordIdx]"),
        ("+ neg @ U_k", "+ neg.sum() * u_o"),
        ("(p - y) * U[w]", "(p - y) * U[o]"),
    ),
    "center-vector-for-outside": _each(
        (
            ("(s - 1) * outsideVectors[outsideWordIdx]", "(s - 1) * centerWordVec"),
            ("t * outsideVectors[k]", "t * centerWordVec"),
        ),
        (("(pos - 1) * u_o + neg @ U_k", "(pos - 1 + neg.sum()) * centerWordVec"),),
        ("dv += (p - y) * U[w]", "dv += (p - y) * v"),
    ),
    "outside-vector-for-center": _each(
        (
            (
                "gradOutsideVecs[outsideWordIdx] += (s - 1) * centerWordVec",
                "gradOutsideVecs[outsideWordIdx] += (s - 1) * outsideVectors[outsideWordIdx]",
            ),
            (
                "gradOutsideVecs[k] += t * centerWordVec",
                "gradOutsideVecs[k] += t * outsideVectors[k]",
            ),
        ),
        (
            ("+= (pos - 1) * centerWordVec", "+= (pos - 1) * u_o"),
            ("np.outer(neg, centerWordVec)", "neg[:, None] * U_k"),
        ),
        ("dU[w] += (p - y) * v", "dU[w] += (p - y) * U[w]"),
    ),
    "axis-missing": _each(
        (
            "gradCenterVec += t * outsideVectors[k]",
            "gradCenterVec += np.sum(t * outsideVectors[k])",
        ),
        ("+ neg @ U_k", "+ np.sum(neg[:, None] * U_k)"),
        None,
    ),
    "log-missing": _each(
        (("np.log(s)", "s"), ("np.log(1 - t)", "(1 - t)")),
        (("-np.log(pos) - np.sum(np.log(1 - neg))", "-pos - np.sum(1 - neg)"),),
        (("J += -np.log(p) if i == 0 else -np.log(1 - p)", "J += -p if i == 0 else -(1 - p)"),),
    ),
    "one-minus-outside-log": _each(
        ("np.log(1 - t)", "(1 - np.log(t))"),
        ("np.sum(np.log(1 - neg))", "np.sum(1 - np.log(neg))"),
        ("else -np.log(1 - p)", "else -(1 - np.log(p))"),
    ),
    "divided-by-samples": _each(
        *(_before("loss /= K")[style] for style in ("loops", "vectors", "names"))
    ),
    "epsilon-in-log": _each(
        (("np.log(s)", "np.log(s + 1e-8)"), ("np.log(1 - t)", "np.log(1 - t + 1e-8)")),
        (("np.log(pos)", "np.log(pos + 1e-6)"), ("np.log(1 - neg)", "np.log(1 - neg + 1e-6)")),
        (("-np.log(p) if", "-np.log(p + 1e-7) if"), ("-np.log(1 - p)", "-np.log(1 - p + 1e-7)")),
    ),
    "constant-factor": _before("GC = 2 * GC"),
    "sign": _before("loss = -loss"),
    "zero": _before("GC = 0 * GC"),
    "weight-decay": _before("GO = GO + 0.001 * UU"),
    "divided-by-vocabulary": _before("GO = GO / len(UU)"),
    "divided-by-dimension": _before("loss = loss / len(VC)"),
    "times-vocabulary": _before("GC = GC * len(UU)"),
    "other-logarithm": _before("loss = loss / np.log(2)"),
    "rows-of-samples-only": _each(
        None,
        (
            (
                "    gradOutsideVecs = np.zeros_like(outsideVectors)\n    gradOutsideVecs[outsideWordIdx] += (pos - 1) * centerWordVec\n    np.add.at(gradOutsideVecs, negatives, np.outer(neg, centerWordVec))\n",
                "    gradOutsideVecs = np.outer(np.append(pos - 1, neg), centerWordVec)\n",
            ),
        ),
        (("np.zeros(U.shape)", "np.zeros((K + 1, len(v)))"), ("dU[w] +=", "dU[i] +=")),
    ),
    "results-swapped": _each(
        (
            "return loss, gradCenterVec, gradOutsideVecs",
            "return loss, gradOutsideVecs, gradCenterVec",
        ),
        (
            "return loss, gradCenterVec, gradOutsideVecs",
            "return loss, gradOutsideVecs, gradCenterVec",
        ),
        ("return J, dv, dU", "return J, dU, dv"),
    ),
    "transposed": _each(
        (
            "return loss, gradCenterVec, gradOutsideVecs",
            "return loss, gradCenterVec, gradOutsideVecs.T",
        ),
        (
            "return loss, gradCenterVec, gradOutsideVecs",
            "return loss, gradCenterVec, gradOutsideVecs.T",
        ),
        ("return J, dv, dU", "return J, dv, dU.T"),
    ),
    "argument-overwritten": _before("VC -= 0.1 * GC"),
    "target-among-negatives": _each(
        (
            "getNegativeSamples(outsideWordIdx, dataset, K)",
            "[dataset.sampleTokenIdx() for _ in range(K)]",
        ),
        (
            "getNegativeSamples(outsideWordIdx, dataset, K)",
            "[dataset.sampleTokenIdx() for _ in range(K)]",
        ),
        ("list(getNegativeSamples(o, dataset, K))", "[dataset.sampleTokenIdx() for _ in range(K)]"),
    ),
    "drawn-from-elsewhere": _each(
        (
            "getNegativeSamples(outsideWordIdx, dataset, K)",
            "[(outsideWordIdx + 1) % len(outsideVectors)] * K",
        ),
        (
            "getNegativeSamples(outsideWordIdx, dataset, K)",
            "np.random.randint(0, len(outsideVectors), K)",
        ),
        (
            "list(getNegativeSamples(o, dataset, K))",
            "[np.random.randint(len(U)) for _ in range(K)]",
        ),
    ),
}

_D = "            newidx = dataset.sampleTokenIdx()\n"
SAMPLER = {
    "target-among-negatives": _each(
        ("        while newidx == outsideWordIdx:\n" + _D, ""),
        (
            "        while samples[k] == outsideWordIdx:\n            samples[k] = dataset.sampleTokenIdx()\n",
            "        pass\n",
        ),
        ("        if w != o:\n            out", "        out"),
    ),
    "target-dropped": _each(
        None,
        (
            "    for k in range(len(samples)):\n        while samples[k] == outsideWordIdx:\n            samples[k] = dataset.sampleTokenIdx()\n    return samples",
            "    return [s for s in samples if s != outsideWordIdx]",
        ),
        ("while len(out) < K:", "for _ in range(K):"),
    ),
    "target-redrawn-once": _each(
        ("while newidx == outsideWordIdx", "if newidx == outsideWordIdx"),
        None,
        (
            "        if w != o:\n            out.append(w)",
            "        if w == o:\n            w = dataset.sampleTokenIdx()\n        out.append(w)",
        ),
    ),
    "target-replaced": _each(
        (
            "        while newidx == outsideWordIdx:\n" + _D,
            "        if newidx == outsideWordIdx:\n            newidx = newidx + 1\n",
        ),
        (
            "        while samples[k] == outsideWordIdx:\n            samples[k] = dataset.sampleTokenIdx()",
            "        if samples[k] == outsideWordIdx:\n            samples[k] -= 1",
        ),
        (
            "        if w != o:\n            out.append(w)",
            "        if w == o:\n            w = w + 1\n        out.append(w)",
        ),
    ),
    "repeats-redrawn": _each(
        (
            "while newidx == outsideWordIdx:",
            "while newidx == outsideWordIdx or newidx in negSampleWordIndices:",
        ),
        (
            "while samples[k] == outsideWordIdx:",
            "while samples[k] == outsideWordIdx or samples[k] in samples[:k]:",
        ),
        ("if w != o:", "if w != o and w not in out:"),
    ),
    "repeats-dropped": _each(
        ("return negSampleWordIndices", "return list(set(negSampleWordIndices))"),
        ("return samples", "return np.unique(samples)"),
        ("return out", "return list(dict.fromkeys(out))"),
    ),
    "one-sample-less": _each(
        (("[None] * K", "[None] * (K - 1)"), ("range(K)", "range(K - 1)")),
        ("range(K)", "range(K - 1)"),
        ("while len(out) < K:", "while len(out) < K - 1:"),
    ),
    "one-sample-more": _each(
        (("[None] * K", "[None] * (K + 1)"), ("range(K)", "range(K + 1)")),
        ("range(K)", "range(K + 1)"),
        ("while len(out) < K:", "while len(out) <= K:"),
    ),
    "count-ignored": _each(
        (("[None] * K", "[None] * 10"), ("range(K)", "range(10)")),
        ("range(K)", "range(5)"),
        ("while len(out) < K:", "while len(out) < 10:"),
    ),
    "one-sample-repeated": _each(
        (
            (
                "    for k in range(K):\n        newidx = dataset",
                "    for k in range(1):\n        newidx = dataset",
            ),
            ("return negSampleWordIndices", "return [negSampleWordIndices[0]] * K"),
        ),
        None,
        ("return out", "return [out[0]] * K"),
    ),
    "every-second-draw": _each(
        None,
        None,
        (
            (
                "        w = dataset.sampleTokenIdx()\n        if w != o:\n            out.append(w)",
                "        if dataset.sampleTokenIdx() != o:\n            w = dataset.sampleTokenIdx()\n            if w != o:\n                out.append(w)",
            ),
        ),
    ),
    "drawn-from-elsewhere": _each(
        (
            (
                "        newidx = dataset.sampleTokenIdx()\n        while",
                "        newidx = random.randint(0, 4)\n        while",
            ),
            (
                "            newidx = dataset.sampleTokenIdx()",
                "            newidx = random.randint(0, 4)",
            ),
        ),
        (
            ("[dataset.sampleTokenIdx() for _ in range(K)]", "list(np.random.choice(5, K))"),
            ("samples[k] = dataset.sampleTokenIdx()", "samples[k] = np.random.choice(5)"),
        ),
        ("dataset.sampleTokenIdx()", "np.random.randint(0, 5)"),
    ),
}

SKIPGRAM = {
    "cbow-for-skipgram": _each(
        (
            ("centerWordVectors[c], word2Ind[word],", "centerWordVectors[word2Ind[word]], c,"),
            ("gradCenterVecs[c]", "gradCenterVecs[word2Ind[word]]"),
        ),
        None,
        (
            ("lossfn(V[idx[cw]], idx[context[j]], U", "lossfn(V[idx[context[j]]], idx[cw], U"),
            ("dV[idx[cw]] += b", "dV[idx[context[j]]] += b"),
        ),
    ),
    "center-predicts-itself": _each(
        ("centerWordVectors[c], word2Ind[word],", "centerWordVectors[c], c,"),
        ("word2vecLossAndGradient(vector, i, ", "word2vecLossAndGradient(vector, center, "),
        ("lossfn(V[idx[cw]], idx[context[j]],", "lossfn(V[idx[cw]], idx[cw],"),
    ),
    "matrices-swapped": _each(
        (
            "centerWordVectors[c], word2Ind[word], outsideVectors,",
            "outsideVectors[c], word2Ind[word], centerWordVectors,",
        ),
        (
            ("vector = centerWordVectors[center]", "vector = outsideVectors[center]"),
            ("(vector, i, outsideVectors,", "(vector, i, centerWordVectors,"),
        ),
        ("lossfn(V[idx[cw]], idx[context[j]], U,", "lossfn(U[idx[cw]], idx[context[j]], V,"),
    ),
    "last-word-only": _each(
        ("loss += l", "loss = l"),
        ("loss = sum(part[0] for part in parts)", "loss = parts[-1][0]"),
        ("dU += d", "dU = d"),
    ),
    "first-word-only": _each(
        ("        gradOutsideVectors += go\n", "        gradOutsideVectors += go\n        break\n"),
        ("for part in parts)", "for part in parts[:1])"),
        ("        dU += d\n", "        dU += d\n        return J, dV, dU\n"),
    ),
    "last-word-skipped": _each(
        ("for word in outsideWords:", "for word in outsideWords[:-1]:"),
        ("for word in outsideWords]", "for word in outsideWords[:-1]]"),
        ("range(len(context))", "range(len(context) - 1)"),
    ),
    "first-word-skipped": _each(
        ("for word in outsideWords:", "for word in outsideWords[1:]:"),
        ("for word in outsideWords]", "for word in outsideWords[1:]]"),
        ("range(len(context))", "range(1, len(context))"),
    ),
    "repeated-words-once": _each(
        ("for word in outsideWords:", "for word in set(outsideWords):"),
        ("for word in outsideWords]", "for word in np.unique(outsideWords)]"),
        (
            ("range(len(context))", "range(len(set(context)))"),
            ("    J, dV, dU", "    context = sorted(set(context))\n    J, dV, dU"),
        ),
    ),
    "divided-by-context": _each(
        ("    return loss,", "    loss /= len(outsideWords)\n    return loss,"),
        ("np.sum([part[2]", "np.mean([part[2]"),
        ("    return J,", "    dV = dV / len(context)\n    return J,"),
    ),
    "divided-by-window": _each(
        ("    return loss,", "    loss /= 2 * windowSize\n    return loss,"),
        (
            "    return loss,",
            "    gradCenterVecs = gradCenterVecs / (2 * windowSize)\n    return loss,",
        ),
        ("    return J,", "    J /= m\n    return J,"),
    ),
    "loss-counts-words": _each(
        ("loss += l", "loss += 1"), ("part[0] for part", "1.0 for part"), ("J += a", "J += 1")
    ),
    "every-center-row": _each(
        ("gradCenterVecs[c] +=", "gradCenterVecs +="),
        ("gradCenterVecs[center] = ", "gradCenterVecs[:] = "),
        ("dV[idx[cw]] += b", "dV += b"),
    ),
    "context-rows-for-center": _each(
        ("gradCenterVecs[c] +=", "gradCenterVecs[word2Ind[word]] +="),
        (
            "    gradCenterVecs[center] = np.sum([part[1] for part in parts], axis=0)\n",
            "    for i, part in zip(indices, parts):\n        gradCenterVecs[i] += part[1]\n",
        ),
        ("dV[idx[cw]] += b", "dV[idx[context[j]]] += b"),
    ),
    "row-zero": _each(
        ("gradCenterVecs[c] +=", "gradCenterVecs[0] +="),
        ("gradCenterVecs[center] =", "gradCenterVecs[0] ="),
        ("dV[idx[cw]] +=", "dV[0] +="),
    ),
    "sign": _each(
        ("loss += l", "loss -= l"), ("loss = sum(", "loss = -sum("), ("J += a", "J -= a")
    ),
    "constant-factor": _each(
        ("loss += l", "loss += 2 * l"),
        ("    return loss,", "    loss *= 0.5\n    return loss,"),
        ("dU += d", "dU += 0.1 * d"),
    ),
    "zero": _each(
        ("        gradCenterVecs[c] += gc\n", ""),
        ("    gradCenterVecs[center] = np.sum([part[1] for part in parts], axis=0)\n", ""),
        ("        dU += d\n", ""),
    ),
    "passed-loss-ignored": _each(
        ("= word2vecLossAndGradient(", "= naiveSoftmaxLossAndGradient("),
        ("[word2vecLossAndGradient(", "[naiveSoftmaxLossAndGradient("),
        ("= lossfn(", "= naiveSoftmaxLossAndGradient("),
    ),
    "dataset-not-passed": _each(
        ("outsideVectors, dataset)\n", "outsideVectors, None)\n"),
        ("outsideVectors, dataset) for", "outsideVectors, None) for"),
        ("U, dataset)\n", "U, None)\n"),
    ),
    "loss-called-too-often": _each(
        (
            "        loss += l\n",
            "        loss += word2vecLossAndGradient(\n            centerWordVectors[c], word2Ind[word], outsideVectors, dataset)[0]\n",
        ),
        (
            "sum(part[0] for part in parts)",
            "sum(word2vecLossAndGradient(vector, i, outsideVectors, dataset)[0] for i in indices)",
        ),
        ("J += a", "J += lossfn(V[idx[cw]], idx[context[j]], U, dataset)[0]"),
    ),
    "argument-overwritten": _each(
        ("    c = word2Ind", "    outsideWords.reverse()\n    c = word2Ind"),
        (
            "    center = word2Ind",
            "    outsideWords.sort()\n    outsideWords.append(outsideWords[0])\n    outsideWords.pop()\n    outsideWords.reverse()\n    center = word2Ind",
        ),
        ("    J, dV", "    context.reverse()\n    J, dV"),
    ),
}

CBOW = {
    "mean-for-sum": _each(
        (
            ("    cost, gradPred", "    predicted /= len(contextWords)\n    cost, gradPred"),
            ("+= gradPred", "+= gradPred / len(contextWords)"),
        ),
        (
            ("np.sum(inputVectors", "np.mean(inputVectors"),
            ("indices, gradH)", "indices, gradH / len(indices))"),
        ),
        (
            (" for w in context)", " for w in context) / len(context)"),
            ("+= dh", "+= dh / len(context)"),
        ),
    ),
    "mean-without-its-factor": _each(
        ("    cost, gradPred", "    predicted /= len(contextWords)\n    cost, gradPred"),
        ("np.sum(inputVectors", "np.mean(inputVectors"),
        (" for w in context)", " for w in context) / len(context)"),
    ),
    "window-size-for-number-of-words": _each(
        (
            ("    cost, gradPred", "    predicted /= 2 * C\n    cost, gradPred"),
            ("+= gradPred", "+= gradPred / (2 * C)"),
        ),
        (
            ("axis=0)\n    cost", "axis=0) / (2 * C)\n    cost"),
            ("indices, gradH)", "indices, gradH / (2 * C))"),
        ),
        (
            (" for w in context)", " for w in context) / (2 * m)"),
            ("+= dh", "+= dh / (2 * m)"),
        ),
    ),
    "gradient-shared-out": _each(
        ("+= gradPred", "+= gradPred / len(contextWords)"),
        ("indices, gradH)", "indices, gradH / len(indices))"),
        ("+= dh", "+= dh / len(context)"),
    ),
    "cbow-word-by-word": _each(
        (
            (
                "    predicted = np.zeros(inputVectors.shape[1])\n    for word in contextWords:\n        predicted += inputVectors[tokens[word]]\n    cost, gradPred, gradOut = word2vecCostAndGradient(\n        predicted, tokens[currentWord], outputVectors, dataset)\n    for word in contextWords:\n        gradIn[tokens[word]] += gradPred\n",
                "    cost, gradOut = 0.0, np.zeros(outputVectors.shape)\n    for word in contextWords:\n        c, g, o = word2vecCostAndGradient(\n            inputVectors[tokens[word]], tokens[currentWord], outputVectors, dataset)\n        cost += c\n        gradOut += o\n        gradIn[tokens[word]] += g\n",
            ),
        ),
        None,
        (
            (
                "    h = sum(V[idx[w]] for w in context)\n    J, dh, dU = lossfn(h, idx[cw], U, dataset)\n    for j in range(len(context)):\n        dV[idx[context[j]]] += dh\n",
                "    J, dU = 0.0, np.zeros(U.shape)\n    for w in context:\n        a, b, d = lossfn(V[idx[w]], idx[cw], U, dataset)\n        J, dU = J + a, dU + d\n        dV[idx[w]] += b\n",
            ),
        ),
    ),
    "repeated-words-once": _each(
        (("    gradIn = np", "    contextWords = set(contextWords)\n    gradIn = np"),),
        ("for word in contextWords]", "for word in set(contextWords)]"),
        (("    dV = np", "    context = list(set(context))\n    dV = np"),),
    ),
    "repeated-rows-once": _each(
        ("gradIn[tokens[word]] += gradPred", "gradIn[tokens[word]] = gradPred"),
        ("np.add.at(gradIn, indices, gradH)", "gradIn[indices] += gradH"),
        ("dV[idx[context[j]]] += dh", "dV[idx[context[j]]] = dh"),
    ),
    "divided-by-context": _each(
        ("    return cost,", "    cost = cost / len(contextWords)\n    return cost,"),
        ("    return cost,", "    gradOut = gradOut / len(indices)\n    return cost,"),
        ("    return J,", "    J /= len(context)\n    return J,"),
    ),
    "divided-by-window": _each(
        ("    return cost,", "    cost = cost / (2 * C)\n    return cost,"),
        ("    return cost,", "    gradOut = gradOut / (2 * C)\n    return cost,"),
        ("    return J,", "    J /= 2 * m\n    return J,"),
    ),
    "center-row-for-context": _each(
        (
            (
                "    for word in contextWords:\n        gradIn[tokens[word]] += gradPred\n",
                "    gradIn[tokens[currentWord]] += gradPred\n",
            ),
        ),
        ("    np.add.at(gradIn, indices, gradH)\n", "    gradIn[tokens[currentWord]] = gradH\n"),
        ("dV[idx[context[j]]] += dh", "dV[idx[cw]] += dh"),
    ),
    "every-row-moves": _each(
        ("gradIn[tokens[word]] += gradPred", "gradIn += gradPred"),
        ("    np.add.at(gradIn, indices, gradH)\n", "    gradIn += gradH\n"),
        ("dV[idx[context[j]]] += dh", "dV += dh"),
    ),
    "matrices-swapped": _each(
        (
            ("predicted += inputVectors[", "predicted += outputVectors["),
            (
                "predicted, tokens[currentWord], outputVectors,",
                "predicted, tokens[currentWord], inputVectors,",
            ),
        ),
        (
            ("np.sum(inputVectors[", "np.sum(outputVectors["),
            ("(h, tokens[currentWord], outputVectors,", "(h, tokens[currentWord], inputVectors,"),
        ),
        (("sum(V[idx", "sum(U[idx"), ("lossfn(h, idx[cw], U,", "lossfn(h, idx[cw], V,")),
    ),
    "sign": _each(
        ("    return cost,", "    cost = -cost\n    return cost,"),
        ("    return cost, gradIn,", "    return cost, -gradIn,"),
        ("    return J, dV, dU", "    return J, dV, -dU"),
    ),
}

SGD = {
    "climbs": _each(
        ("x - step", "x + step"), ("x - step", "x + step"), ("theta -= step", "theta += step")
    ),
    "step-missing": _each(("step * grad", "grad"), ("step * g", "g"), ("step * d", "d")),
    "x-replaced": _each(
        ("x = x - step * grad", "x = -step * grad"),
        ("x - step * g", "-step * g"),
        ("theta -= step", "theta = -step"),
    ),
    "starts-anew": _each(
        ("x = x - step", "x = x0 - step"),
        ("(x - step", "(x0 - step"),
        ("theta -= step * d", "theta = x0 - step * d"),
    ),
    "loss-for-gradient": _each(
        ("loss, grad = f(x)", "grad, loss = f(x)"),
        ("_, g = f(x)", "g, _ = f(x)"),
        ("step * d", "step * cost"),
    ),
    "gradient-normalised": _each(
        ("step * grad", "step * grad / np.linalg.norm(grad)"),
        ("step * g", "step * g / np.linalg.norm(g)"),
        ("step * d", "step * d / np.linalg.norm(d)"),
    ),
    "step-shrinks": _each(
        ("step * grad", "step / iter * grad"), None, ("step * d", "step / np.sqrt(t) * d")
    ),
    "step-scaled": _each(
        ("step * grad", "0.5 * step * grad"),
        ("step * g", "2 * step * g"),
        ("step * d", "step / 10 * d"),
    ),
    "one-iteration-less": _each(
        ("range(1, iterations + 1)", "range(1, iterations)"),
        ("range(iterations)", "range(iterations - 1)"),
        ("t < iterations", "t < iterations - 1"),
    ),
    "one-iteration-more": _each(
        ("range(1, iterations + 1)", "range(iterations + 1)"),
        ("range(iterations)", "range(iterations + 1)"),
        ("t < iterations", "t <= iterations"),
    ),
    "one-iteration-only": _each(
        ("    return x\n", "        return x\n"),
        ("    return x\n", "        return x\n"),
        ("    return theta\n", "        return theta\n"),
    ),
    "start-returned": _each(
        ("    return x\n", "    return x0\n"),
        ("    return x\n", "    return x0\n"),
        ("    return theta\n", "    return x0\n"),
    ),
    "gradient-of-the-start": _each(("f(x)", "f(x0)"), ("f(x)", "f(x0)"), ("f(theta)", "f(x0)")),
    "gradient-not-renewed": _each(
        (
            ("    for iter", "    loss, grad = f(x)\n    for iter"),
            ("        loss, grad = f(x)\n", ""),
        ),
        (("    for _ in", "    _, g = f(x)\n    for _ in"), ("        _, g = f(x)\n", "")),
        (
            ("    while t", "    cost, d = f(theta)\n    while t"),
            ("        cost, d = f(theta)\n", ""),
        ),
    ),
    "postprocessed-too-early": _each(
        (
            ("        x = x - step * grad\n", ""),
            (
                "            x = postprocessing(x)\n",
                "            x = postprocessing(x)\n        x = x - step * grad\n",
            ),
        ),
        ("postprocessing(x - step * g)", "postprocessing(x) - step * g"),
        (
            ("        theta -= step * d\n", ""),
            (
                "            theta = postprocessing(theta)\n",
                "            theta = postprocessing(theta)\n        theta -= step * d\n",
            ),
        ),
    ),
    "postprocessing-lost": _each(
        ("x = postprocessing(x)", "postprocessing(x)"),
        (
            (
                "        x = postprocessing(x - step * g)\n",
                "        x = x - step * g\n        postprocessing(x)\n",
            ),
        ),
        ("theta = postprocessing(theta)", "postprocessing(theta)"),
    ),
    "postprocessed-once": _each(
        (
            (
                "        if postprocessing:\n            x = post",
                "    if postprocessing:\n        x = post",
            ),
        ),
        (
            (
                "postprocessing(x - step * g)\n    return x",
                "x - step * g\n    return postprocessing(x)",
            ),
        ),
        (
            (
                "        if postprocessing is not None:\n            theta = post",
                "    if postprocessing is not None:\n        theta = post",
            ),
        ),
    ),
    "argument-overwritten": _each(
        ("x = x - step * grad", "x -= step * grad"),
        None,
        ("x0.copy(), 0", "x0, 0"),
    ),
}

EDITS: dict[str, dict[str, dict[str, Edit]]] = {
    "sigmoid": SIGMOID,
    "naive-softmax": NAIVE,
    "sampler": SAMPLER,
    "negative-sampling": NEGATIVE,
    "skip-gram": SKIPGRAM,
    "cbow": CBOW,
    "sgd": SGD,
}
"""By the function and the mistake, for each style."""
