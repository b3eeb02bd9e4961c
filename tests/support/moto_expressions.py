"""moto's expressions, made quick: what it works out of an expression is the same each time it meets that expression.

moto reads a condition up to three times for one write, and walks the tree of an update ten times to validate it. It
does all of that here as well, once.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import ActionCountValidator, OverlappingPathsValidator

# So many conditions are kept: all that have no values, and those of the request under way.
_CONDITIONS = 2048

_read_condition = ConditionExpressionParser.parse
_read_update = UpdateExpressionParser.make


def install() -> None:
    """Change moto for this process."""
    ConditionExpressionParser.parse = _read_condition_once
    # Who validates or executes the tree does so on a copy.
    UpdateExpressionParser.make = functools.cache(_read_update)
    Node.__deepcopy__ = _copy
    DepthFirstTraverser.traverse = _traverse
    # The root knows the clauses and the paths of all that is below.
    ActionCountValidator.traverse = ActionCountValidator.verify_action_counts
    OverlappingPathsValidator.traverse = OverlappingPathsValidator.check_for_overlapping_paths


def _read_condition_once(parser: Any) -> Any:
    """The condition of a parser, which notes the names in it."""
    names, values = (
        json.dumps(part) for part in (parser.expression_attribute_names, parser.expression_attribute_values)
    )
    condition, found_names, found_values = _condition(parser.condition_expression, names, values)
    parser.expr_attr_names_found.extend(found_names)
    parser.expr_attr_values_found.extend(found_values)
    return condition


@functools.lru_cache(_CONDITIONS)
def _condition(expression: str | None, names: str, values: str) -> tuple[Any, list[str], list[str]]:
    parser = ConditionExpressionParser(expression, json.loads(names), json.loads(values))
    return _read_condition(parser), parser.expr_attr_names_found, parser.expr_attr_values_found


def _copy(node: Any, memo: dict[int, Any]) -> Any:
    """A tree of its own. What is in its leaves is never changed in place."""
    copied = object.__new__(type(node))
    copied.__dict__.update(node.__dict__)
    if node.children is not None:
        copied.children = [_copy(child, memo) if _is_node(child.__class__) else child for child in node.children]
        for child in copied.children:
            if _is_node(child.__class__):
                child.parent = copied
    return copied


def _traverse(traverser: Any, root: Any) -> Any:
    """Process a tree from its leaves upwards."""
    processors: dict[type[Any], Callable[[Any], Any]] = traverser._processing_map()
    classes = tuple(processors)
    prepares = type(traverser).pre_processing_of_child is not DepthFirstTraverser.pre_processing_of_child

    def visit(node: Any) -> Any:
        for number, child in enumerate(node.children or ()):
            if prepares:
                traverser.pre_processing_of_child(node, number)
            if _is_node(child.__class__):
                node.children[number] = visit(child)
        processed_as = _first_of(classes, node.__class__)
        if processed_as is None:
            return node
        parent, processed = node.parent, processors[processed_as](node)
        processed.parent = parent
        return processed

    return visit(root)


# A class that asks its registered classes first is slow to ask.
@functools.cache
def _is_node(kind: Any) -> bool:
    return issubclass(kind, Node)


@functools.cache
def _first_of(classes: tuple[type[Any], ...], kind: Any) -> type[Any] | None:
    return next((one for one in classes if issubclass(kind, one)), None)
