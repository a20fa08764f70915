"""The typical places of mistakes in the source of a function.

A finder takes a `Scene` and returns the nodes that look like the mistake. A line is quoted only
where it returns nodes of one line: where it finds two, either may be right.

It is long since each mistake has its own place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from gradcheck.homework.checks.mistakes.scene import (
    Place,
    Scene,
    base_of,
    binary,
    calls,
    function_of,
    index_of,
    is_name,
    is_one,
    names_in,
    targets_of,
)


def call(*names: str) -> Place:
    """Return the finder of calls of functions with one of these names."""
    return lambda scene: calls(scene.nodes, *names)


def division(scene: Scene) -> Sequence[ast.AST]:
    """Find means, and divisions by a size."""
    sizes = [
        node
        for node in binary(scene.nodes, ast.Div)
        if calls(ast.walk(node.right), "len") or _has_size(node.right)
    ]
    in_place = [
        node
        for node in scene.nodes
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div)
    ]
    return [*sizes, *in_place, *calls(scene.nodes, "mean", "average")]


def _has_size(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Attribute) and each.attr in {"shape", "size"}
        for each in ast.walk(node)
    )


def mean_or_division(scene: Scene) -> Sequence[ast.AST]:
    """Find means, and divisions by a size or a count."""
    counts = {scene.called("window_size"), scene.called("K"), "K", "k", "n", "N"} - {""}
    by_count = [
        node
        for node in binary(scene.nodes, ast.Div)
        if names_in(node.right) & counts and not calls(ast.walk(node.right), "sum", "exp", "len")
    ]
    return [*division(scene), *by_count]


def _subtracts_one(node: ast.AST) -> bool:
    """Say whether something is subtracted in it."""
    return any(
        isinstance(each, ast.BinOp | ast.AugAssign) and isinstance(each.op, ast.Sub)
        for each in ast.walk(node)
    )


def gradient_of_predictions(scene: Scene) -> Sequence[ast.AST]:
    """Find the line that makes the gradient, where nothing is subtracted in it."""
    lines: list[ast.AST] = [
        node
        for node in scene.definitions()
        if not _subtracts_one(node) and not calls(ast.walk(node), "zeros", "zeros_like")
    ]
    if not lines and scene.result is not None and not scene.result_name:
        return [] if _subtracts_one(scene.result) else [scene.result]
    return lines


def one_added(scene: Scene) -> Sequence[ast.AST]:
    """Find += 1 on an entry."""
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Add)
        and isinstance(node.target, ast.Subscript)
        and is_one(node.value)
    ]


def subtracted_in_place(scene: Scene) -> Sequence[ast.AST]:
    """Find -= 1 on an entry, or -= of a whole array."""
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Sub)
        and (is_one(node.value) or isinstance(node.target, ast.Name))
    ]


def shifted_index(scene: Scene) -> Sequence[ast.AST]:
    """Find an index o + 1 or o - 1."""
    target = scene.called("target")
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.Subscript)
        and any(
            (is_name(each.left, target) and is_one(each.right))
            for operator in (ast.Add, ast.Sub)
            for each in binary(ast.walk(node.slice), operator)
        )
    ]


def row_zero(scene: Scene) -> Sequence[ast.AST]:
    """Find an assignment to row 0."""
    found = []
    for node in scene.nodes:
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        targets = targets_of(node)
        for target in targets:
            index = index_of(target)
            if isinstance(index, ast.Constant) and index.value == 0:
                found.append(node)
    return found


def target_only(scene: Scene) -> Sequence[ast.AST]:
    """Find an assignment to the target's row of the gradient."""
    target = scene.called("target")
    return [
        node
        for node in scene.definitions()
        for place in targets_of(node)
        if is_name(index_of(place), target)
    ]


def target_skipped(scene: Scene) -> Sequence[ast.AST]:
    """Find a comparison with the target."""
    target = scene.called("target")
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.Compare)
        and (is_name(node.left, target) or any(is_name(n, target) for n in node.comparators))
    ]


def loss_without_log(scene: Scene) -> Sequence[ast.AST]:
    """Find the lines that make the loss without a logarithm."""
    lines: list[ast.AST] = [
        node
        for node in scene.definitions()
        if not _logarithms(node) and not isinstance(node.value, ast.Constant)
    ]
    if not lines and scene.result is not None and not scene.result_name:
        return [] if _logarithms(scene.result) else [scene.result]
    return lines


_LOGARITHMS = ("log", "log2", "log10", "log1p", "logaddexp", "log_sigmoid", "logsumexp")


def _logarithms(node: ast.AST) -> list[ast.Call]:
    return calls(ast.walk(node), *_LOGARITHMS)


def log_of_probability(scene: Scene) -> Sequence[ast.AST]:
    """Find logarithms."""
    return [*calls(scene.nodes, "log")]


def sum_of_logs(scene: Scene) -> Sequence[ast.AST]:
    """Find a sum or mean of logarithms."""
    return [
        node
        for node in calls(scene.nodes, "sum", "mean")
        if calls((each for child in ast.iter_child_nodes(node) for each in ast.walk(child)), "log")
    ]


def _in_calls(nodes: Iterable[ast.AST], *names: str) -> set[ast.AST]:
    return {each for one in calls(nodes, *names) for each in ast.walk(one)}


def one_minus_sigmoid(scene: Scene) -> Sequence[ast.AST]:
    """Find 1 - … outside logarithms, in the lines that make the wrong part."""
    return [
        node
        for definition in scene.definitions()
        for node in binary(ast.walk(definition), ast.Sub)
        if is_one(node.left)
        if node not in _in_calls(ast.walk(definition), *_LOGARITHMS)
    ]


def sigmoid_of_target(scene: Scene) -> Sequence[ast.AST]:
    """Find the target's line of the gradient, where nothing is subtracted."""
    target, outside = scene.called("target"), scene.called("outside")
    found: list[ast.AST] = []
    for node in scene.definitions():
        if node in scene.looped or _subtracts_one(node.value):
            continue
        places = targets_of(node)
        in_row = any(is_name(index_of(place), target) for place in places)
        of_row = any(
            isinstance(each, ast.Subscript)
            and is_name(each.value, outside)
            and is_name(index_of(each), target)
            for each in ast.walk(node.value)
        )
        if in_row or of_row:
            found.append(node)
    return found


def sigmoid_minus_one_in_loop(scene: Scene) -> Sequence[ast.AST]:
    """Find … - 1 in a loop, in the lines that make the wrong part."""
    return [
        node
        for definition in scene.definitions(scene.looped)
        for node in binary(ast.walk(definition.value), ast.Sub)
        if is_one(node.right)
    ]


def assignment_in_loop(scene: Scene) -> Sequence[ast.AST]:
    """Find an assignment in a loop that forgets what was there."""
    return [
        node
        for node in scene.definitions(scene.looped)
        if isinstance(node, ast.Assign) and scene.result_name not in names_in(node.value)
    ]


def leaves_loop(scene: Scene) -> Sequence[ast.AST]:
    """Find a return or break in a loop."""
    return [node for node in scene.looped if isinstance(node, ast.Return | ast.Break)]


def short_range(scene: Scene) -> Sequence[ast.AST]:
    """Find a range or slice that leaves one out."""
    found: list[ast.AST] = []
    for node in scene.nodes:
        if function_of(node) == "range" and isinstance(node, ast.Call):
            last = node.args[-1]
            starts_late = len(node.args) > 1 and is_one(node.args[0])
            ends_early = isinstance(last, ast.BinOp) and isinstance(last.op, ast.Sub)
            if starts_late != (isinstance(last, ast.BinOp) and isinstance(last.op, ast.Add)) and (
                starts_late or ends_early
            ):
                found.append(node)
        if isinstance(node, ast.Slice) and (
            (node.lower is not None and is_one(node.lower) and node.upper is None)
            or (node.lower is None and _is_minus_one(node.upper))
        ):
            found.append(node)
    return found


def _is_minus_one(node: ast.AST | None) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and is_one(node.operand)


def long_range(scene: Scene) -> Sequence[ast.AST]:
    """Find a range that goes one too far."""
    ranges = [
        node
        for node in calls(scene.nodes, "range")
        if node.args and binary([node.args[-1]], ast.Add) and len(node.args) == 1
    ]
    comparisons = [
        node
        for node in scene.nodes
        if isinstance(node, ast.Compare) and any(isinstance(one, ast.LtE) for one in node.ops)
    ]
    return [*ranges, *comparisons]


def lost_repeats(scene: Scene) -> Sequence[ast.AST]:
    """Find grad[k] = … in a loop, and grad[indices] += … outside."""
    target = scene.called("target")
    found: list[ast.AST] = []
    for node in scene.definitions():
        places = targets_of(node)
        indices = [index for index in map(index_of, places) if index is not None]
        if not indices or any(is_name(index, target) for index in indices):
            continue
        if any(isinstance(index, ast.Constant | ast.Slice) for index in indices):
            continue
        forgets = isinstance(node, ast.Assign) and scene.result_name not in names_in(node.value)
        at_once = node not in scene.looped
        if forgets or at_once:
            found.append(node)
    return found


def second_draw(scene: Scene) -> Sequence[ast.AST]:
    """Find the second of two lines that draw."""
    lines = {node.lineno: node for node in calls(scene.nodes, *scene.samplers)}
    if len(lines) != 2:
        return []
    return [lines[max(lines)]]


def loop_counter_as_row(scene: Scene) -> Sequence[ast.AST]:
    """Find grad[k] in a loop over numbers."""
    counters = {
        loop.target.id
        for loop in scene.loops
        if isinstance(loop, ast.For)
        and isinstance(loop.target, ast.Name)
        and function_of(loop.iter) == "range"
    }
    counters |= {
        loop.target.elts[0].id
        for loop in scene.loops
        if isinstance(loop, ast.For)
        and isinstance(loop.target, ast.Tuple)
        and function_of(loop.iter) == "enumerate"
        and isinstance(loop.target.elts[0], ast.Name)
    }
    return [
        node
        for node in scene.definitions(scene.looped)
        for place in targets_of(node)
        for index in [index_of(place)]
        if isinstance(index, ast.Name) and index.id in counters
    ]


def whole_gradient_in_loop(scene: Scene) -> Sequence[ast.AST]:
    """Find grad += … in a loop, without an index."""
    return [
        node
        for node in scene.definitions(scene.looped)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    ]


def target_vector_in_loop(scene: Scene) -> Sequence[ast.AST]:
    """Find the target's vector in a loop, in the lines that make the wrong part."""
    target, outside = scene.called("target"), scene.called("outside")
    return [
        node
        for definition in scene.definitions(scene.looped)
        for node in ast.walk(definition.value)
        if isinstance(node, ast.Subscript)
        and is_name(node.value, outside)
        and is_name(index_of(node), target)
    ]


def _has_axis(node: ast.Call) -> bool:
    is_method = isinstance(node.func, ast.Attribute) and base_of(node.func) not in {"np", "numpy"}
    positions = len(node.args) + is_method
    return positions > 1 or any(word.arg == "axis" for word in node.keywords)


def sum_without_axis(scene: Scene) -> Sequence[ast.AST]:
    """Find a sum without an axis, in the lines that make the wrong part."""
    places: list[ast.AST] = [*scene.definitions()]
    if not places and scene.result is not None:
        places = [scene.result]
    return [
        node for place in places for node in calls(ast.walk(place), "sum") if not _has_axis(node)
    ]


def sum_over_rows(scene: Scene) -> Sequence[ast.AST]:
    """Find a sum along axis 1."""
    return [
        node
        for node in calls(scene.nodes, "sum")
        if any(
            word.arg == "axis" and (is_one(word.value) or _is_minus_one(word.value))
            for word in node.keywords
        )
    ]


def sigmoid_derivative(scene: Scene) -> Sequence[ast.AST]:
    """Find p * (1 - p)."""
    return [
        node
        for node in binary(scene.nodes, ast.Mult)
        if isinstance(node.right, ast.BinOp)
        and isinstance(node.right.op, ast.Sub)
        and is_one(node.right.left)
        and (
            ast.dump(node.right.right) == ast.dump(node.left)
            or (
                isinstance(node.left, ast.BinOp)
                and ast.dump(node.right.right) == ast.dump(node.left.right)
            )
        )
    ]


def one_minus_log(scene: Scene) -> Sequence[ast.AST]:
    """Find 1 - log(…)."""
    return [
        node
        for node in binary(scene.nodes, ast.Sub)
        if is_one(node.left) and function_of(node.right) in _LOGARITHMS
    ]


def constant_in_log(scene: Scene) -> Sequence[ast.AST]:
    """Find log(… + constant)."""
    return [
        node
        for node in calls(scene.nodes, "log")
        if node.args
        and isinstance(node.args[0], ast.BinOp)
        and isinstance(node.args[0].op, ast.Add)
    ]


def loss_called_in_loop(scene: Scene) -> Sequence[ast.AST]:
    """Find a call of the loss function in a loop."""
    name = scene.called("loss_function")
    return [
        node for node in scene.looped if isinstance(node, ast.Call) and is_name(node.func, name)
    ]


def fixed_loss_called(scene: Scene) -> Sequence[ast.AST]:
    """Find a call of a certain loss function."""
    return [*calls(scene.nodes, *scene.losses)]


def adds_one(scene: Scene) -> Sequence[ast.AST]:
    """Find loss += 1."""
    return [
        node
        for node in scene.definitions()
        if isinstance(node, ast.AugAssign) and is_one(node.value)
    ]


def exponential(scene: Scene) -> Sequence[ast.AST]:
    """Find exponentials."""
    return [*calls(scene.nodes, "exp")]


def one_over_one(scene: Scene) -> Sequence[ast.AST]:
    """Find 1 / 1."""
    return [
        node for node in binary(scene.nodes, ast.Div) if is_one(node.left) and is_one(node.right)
    ]


def one_minus_exponential(scene: Scene) -> Sequence[ast.AST]:
    """Find 1 - exp(…)."""
    return [
        node
        for node in binary(scene.nodes, ast.Sub)
        if is_one(node.left) and function_of(node.right) == "exp"
    ]


def adds_step(scene: Scene) -> Sequence[ast.AST]:
    """Find a sum with the step in it."""
    step = scene.called("step")
    return [
        node
        for node in scene.nodes
        if (isinstance(node, ast.AugAssign | ast.BinOp) and isinstance(node.op, ast.Add))
        and step in names_in(node)
    ]


def starts_anew(scene: Scene) -> Sequence[ast.AST]:
    """Find x0 minus something."""
    start = scene.called("x0")
    return [node for node in binary(scene.nodes, ast.Sub) if is_name(node.left, start)]


def start_returned(scene: Scene) -> Sequence[ast.AST]:
    """Find return x0."""
    start = scene.called("x0")
    return [
        node for node in scene.nodes if isinstance(node, ast.Return) and is_name(node.value, start)
    ]


def asks_at_start(scene: Scene) -> Sequence[ast.AST]:
    """Find f(x0)."""
    start = scene.called("x0")
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.Call) and any(is_name(argument, start) for argument in node.args)
    ]


def result_dropped(quantity: str) -> Place:
    """Return the finder of a call of a parameter that is a statement of its own."""
    return lambda scene: [
        node
        for node in scene.nodes
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and is_name(node.value.func, scene.called(quantity))
    ]


def if_for_while(scene: Scene) -> Sequence[ast.AST]:
    """Find a comparison with the target after which it is drawn once more."""
    target = scene.called("target")
    return [
        node.test
        for node in scene.nodes
        if isinstance(node, ast.If)
        and target in names_in(node.test)
        and any(calls(ast.walk(one), *scene.samplers) for one in node.body)
    ]


def not_in(scene: Scene) -> Sequence[ast.AST]:
    """Find in and not in."""
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.Compare)
        and any(isinstance(one, ast.In | ast.NotIn) for one in node.ops)
    ]


def random_call(scene: Scene) -> Sequence[ast.AST]:
    """Find calls of random, np.random and their like."""
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.Call) and "random" in ast.unparse(node.func)
    ]


def return_line(scene: Scene) -> Sequence[ast.AST]:
    """Find the return."""
    return [node for node in scene.nodes if isinstance(node, ast.Return)]


def outer_of_vector(scene: Scene) -> Sequence[ast.AST]:
    """Find np.outer(v_c, …), and a transposed result."""
    center = scene.called("center")
    outers = [
        node for node in calls(scene.nodes, "outer") if node.args and is_name(node.args[0], center)
    ]
    if outers:
        return [*outers]
    result = scene.result
    if isinstance(result, ast.Attribute) and result.attr == "T":
        return [result]
    return [
        node
        for node in scene.definitions()
        if isinstance(node.value, ast.Attribute) and node.value.attr == "T"
    ]


def column(scene: Scene) -> Sequence[ast.AST]:
    """Find what makes an axis of length 1, in the lines that make the wrong part."""
    places: list[ast.AST] = [*scene.definitions()]
    if scene.result is not None:
        places.append(scene.result)
    return [
        node
        for place in places
        for node in ast.walk(place)
        if function_of(node) in {"reshape", "expand_dims", "atleast_2d"}
        or (isinstance(node, ast.Subscript) and _adds_axis(node.slice))
        or (isinstance(node, ast.keyword) and node.arg == "keepdims")
    ]


def _adds_axis(index: ast.AST) -> bool:
    return any(
        (isinstance(each, ast.Constant) and each.value is None)
        or (isinstance(each, ast.Attribute) and each.attr == "newaxis")
        for each in ast.walk(index)
    )


def single_precision(scene: Scene) -> Sequence[ast.AST]:
    """Find float32."""
    return [
        node
        for node in scene.nodes
        if (isinstance(node, ast.Attribute) and node.attr == "float32")
        or (isinstance(node, ast.Constant) and node.value in {"float32", "f4"})
    ]


def argument_changed(scene: Scene) -> Sequence[ast.AST]:
    """Find in-place operations on arguments."""
    arguments = {argument.arg for argument in scene.function.args.args}
    rebound = {
        target.id
        for node in scene.nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    arguments -= rebound
    return [node for node in scene.nodes if _changes(node, arguments)]


def _changes(node: ast.AST, arguments: set[str]) -> bool:
    """Say whether a statement or call changes one of these in place."""
    if isinstance(node, ast.AugAssign):
        return base_of(node.target) in arguments
    if isinstance(node, ast.Assign):
        return any(
            isinstance(target, ast.Subscript) and base_of(target) in arguments
            for target in node.targets
        )
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"sort", "reverse", "append", "pop", "remove", "fill"}
        and base_of(node.func) in arguments
    )


def global_changed(scene: Scene) -> Sequence[ast.AST]:
    """Find assignments to what is neither an argument nor set in the function."""
    own = {argument.arg for argument in scene.function.args.args}
    own |= {
        node.id
        for node in scene.nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    shared = {name for node in scene.nodes if isinstance(node, ast.Global) for name in node.names}
    return [
        node
        for node in scene.nodes
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in targets_of(node)
        for name in [base_of(target)]
        if name in shared or (name and isinstance(target, ast.Subscript) and name not in own)
    ]
