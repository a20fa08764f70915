"""Strategies for sizes and parameters, and the profiles."""

from __future__ import annotations

from collections import namedtuple

import hypothesis
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

from gradcheck.strategies import (
    PROFILES,
    arrays,
    matrix_shapes,
    parameters,
    register_profiles,
    scales,
)


def drawn(strategy, count=300):
    collected = []

    @settings(max_examples=count, database=None, derandomize=True)
    @given(strategy)
    def collect(value):
        collected.append(value)

    collect()
    return collected


def test_shapes_stay_in_their_range_and_reach_its_ends():
    shapes = drawn(matrix_shapes(min_rows=3, max_rows=20, min_columns=2, max_columns=7), 500)
    assert {min(shape[0] for shape in shapes), max(shape[0] for shape in shapes)} == {3, 20}
    assert {min(shape[1] for shape in shapes), max(shape[1] for shape in shapes)} == {2, 7}
    assert sum(rows == columns for rows, columns in shapes) >= len(shapes) / 20


def test_narrow_ranges_are_kept_too():
    assert set(drawn(matrix_shapes(max_rows=1, max_columns=1))) == {(1, 1)}
    assert all(
        rows >= 9 and columns <= 3
        for rows, columns in drawn(matrix_shapes(min_rows=9, max_rows=9, max_columns=3))
    )


@pytest.mark.parametrize("least", [0, 8])
def test_an_impossible_range_is_refused(least):
    with pytest.raises(ValueError, match=r"^rows: expected 1 <= min_rows <= max_rows, got"):
        matrix_shapes(min_rows=least, max_rows=7)


def test_every_scale_of_the_mix_is_drawn():
    assert set(drawn(scales())) == {0.0, 1e-3, 1.0, 5.0, 30.0}


def test_a_failing_scale_shrinks_to_one():
    shrinking = settings(database=None, phases=[Phase.generate, Phase.shrink])
    assert find(scales(), lambda scale: scale > 0, settings=shrinking) == 1.0


def test_values_are_distinct():
    for array in drawn(arrays((4, 5), scale=2.0)):
        assert array.shape == (4, 5)
        assert len(np.unique(array)) == array.size


def test_arrays_of_float32():
    assert all(array.dtype == np.float32 for array in drawn(arrays((2,), dtype=np.float32)))
    with pytest.raises(TypeError, match="int64"):
        arrays((2,), dtype=np.int64)


def test_parameters_have_the_structure_of_the_template():
    pair = namedtuple("pair", "weights bias")  # noqa: PYI024 - what people use
    template = {"layer": pair(np.zeros((2, 3)), np.float32(0)), "rest": [1.0, (np.ones(1),)]}
    for tree in drawn(parameters(template), 50):
        assert type(tree["layer"]) is pair
        assert tree["layer"].weights.shape == (2, 3)
        assert tree["layer"].bias.dtype == np.float32
        assert type(tree["rest"][0]) is float
        assert tree["rest"][1][0].shape == (1,)


def test_each_array_has_a_scale_of_its_own():
    sizes = {
        tuple(0.0 if not array.any() else 1.0 for array in tree)
        for tree in drawn(parameters((np.zeros(2), np.zeros(2))))
    }
    assert sizes == {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}


def test_the_profiles_are_as_documented():
    register_profiles()
    student, grade, deep = (settings.get_profile(name) for name in PROFILES)
    assert (student.max_examples, grade.max_examples, deep.max_examples) == (100, 100, 2000)
    assert all(profile.deadline is None and profile.print_blob for profile in (student, deep))
    assert grade.derandomize
    assert grade.database is None
    assert Phase.shrink in student.phases
    assert Phase.shrink not in grade.phases
    assert not any(Phase.explain in profile.phases for profile in (student, grade, deep))


def test_graded_cases_are_the_same_each_time():
    def collect():
        collected = []

        @settings(settings.get_profile("grade"), max_examples=20)
        @given(arrays((2,)))
        def run(array):
            collected.append(array.tolist())

        run()
        return collected

    register_profiles()
    assert collect() == collect()


def test_the_suite_runs_under_one_of_the_profiles():
    assert hypothesis.settings.get_current_profile_name() in PROFILES
