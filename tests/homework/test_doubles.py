"""Right files that call their sampler and their losses in ways of their own."""

from __future__ import annotations

import pytest

from tests.homework.submissions import A2, changed

DEFINITION = "def getNegativeSamples(outsideWordIdx, dataset, K):"
CALL = "getNegativeSamples(outsideWordIdx, dataset, K)"
NEG = "negSamplingLossAndGradient"


def _sampler(definition: str = DEFINITION, call: str = CALL, negatives: str = "") -> str:
    start = A2.index("def negSampling")
    text = A2[:start] + A2[start:].replace(CALL, f"{call}{negatives}", 1)
    return text.replace(DEFINITION, definition)


PARTIAL = A2.replace(NEG, "_neg") + f"\nimport functools\n{NEG} = functools.partial(_neg, K=10)\n"
RIGHT = {
    "sampler called by keyword": _sampler(
        call="getNegativeSamples(outsideWordIdx=outsideWordIdx, dataset=dataset, K=K)"
    ),
    "sampler with a parameter more": _sampler(
        definition="def getNegativeSamples(outsideWordIdx, dataset, K, rng=None):",
        call="getNegativeSamples(outsideWordIdx, dataset, K, rng=None)",
    ),
    "sampler with other names": _sampler(
        definition="def getNegativeSamples(outsideWordIdx, dataset, number=10):\n    K = number",
        call="getNegativeSamples(outsideWordIdx, dataset, number=K)",
    ),
    "sampler that returns an array": changed(
        _sampler(negatives=".astype(int)"),
        ("    return samples\n", "    return np.array(samples)\n"),
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_samplers_double_behaves_as_the_files_own_sampler(submit, name):
    assert RIGHT[name] != A2
    report = submit(RIGHT[name], only=["getNegativeSamples", NEG])
    assert report.passed, str(report)


@pytest.mark.parametrize("name", ["keyword-only", "partial", "any keyword"])
def test_k_is_passed_however_it_is_taken(submit, name):
    text = PARTIAL
    if name != "partial":
        start = A2.index(f"def {NEG}")
        end = A2.index(":\n", start)
        head = A2[start:end]
        new = head.replace("K=10", "*, K=10" if name == "keyword-only" else "**options")
        assert new != head
        body = "\n    K = options.get('K', 10)" if name == "any keyword" else ""
        docstring_end = A2.index("\n", end)
        text = A2[:start] + new + ":" + body + A2[docstring_end:]
    report = submit(text, only=[NEG])
    assert report.passed, str(report)


def test_a_table_of_the_losses_finds_their_doubles(submit):
    line = "    loss = 0.0\n"
    start = A2.index("def skipgram")
    text = A2[:start] + A2[start:].replace(
        line, "    word2vecLossAndGradient = FAST[word2vecLossAndGradient]\n" + line, 1
    )
    assert "FAST" in text
    text += f"\nFAST = {{f: f for f in (naiveSoftmaxLossAndGradient, {NEG})}}\n"
    report = submit(text, only=["skipgram"])
    assert report.passed, str(report)


def test_a_function_that_is_not_the_one_passed_is_still_seen(submit):
    text = changed(
        A2,
        (
            "grad_outside = word2vecLossAndGradient(",
            "grad_outside = naiveSoftmaxLossAndGradient(",
        ),
    )
    assert not submit(text, only=["skipgram"]).passed
