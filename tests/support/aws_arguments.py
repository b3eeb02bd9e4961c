"""What botocore's models say of the `aws` commands that a page shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel

# Of the program itself, whatever the command.
_GLOBAL = frozenset({"--output", "--query", "--region", "--profile", "--no-cli-pager", "--max-items", "--page-size"})
# Commands of the program that are no operation of a service's API, or that name an argument otherwise, with the options
# that a page may use.
_CUSTOM = {
    ("s3", "sync"): {"--delete", "--only-show-errors"},
    ("s3", "rm"): {"--recursive", "--only-show-errors"},
    ("logs", "tail"): {"--since", "--follow"},
    ("sns", "subscribe"): {"--topic-arn", "--protocol", "--notification-endpoint"},
}
# Operations whose last argument is no option: where the answer is written.
_OUTFILE = {("lambda", "invoke")}
# Services whose name in the program is not their model's.
_MODELS = {"s3api": "s3"}


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


@cache
def _waiters(name: str) -> Any:
    return botocore.session.get_session().get_waiter_model(name)


def commands(code: str) -> Iterator[list[str]]:
    """The `aws` commands of a shell block, each as its words."""
    joined = code.replace("\\\n", " ")
    for found in re.finditer(r"(?:^|[\s(|&;!])aws (?=[a-z])", joined, re.MULTILINE):
        yield ["aws", *_words(joined[found.end() :])]


def _words(text: str) -> list[str]:
    """The words of the command that a text begins with."""
    command = text[: _end_of_command(text)]
    return [word for word in shlex.split(command, comments=True) if not re.match(r"^\d?[<>]", word)]


def _end_of_command(text: str) -> int:
    """Where a command ends: at what separates commands, or closes a substitution around it, outside quotes."""
    depth, quote = 0, ""
    for position, character in enumerate(text):
        if quote or (character in "'\"" and depth == 0):
            quote = _next_quote(quote, character)
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                return position
        elif depth == 0 and re.match(r"[|;\n]|&&", text[position : position + 2]):
            return position
    return len(text)


def _next_quote(quote: str, character: str) -> str:
    if not quote:
        return character
    return "" if character == quote else quote


def problems(words: list[str]) -> list[str]:
    """What is wrong with an `aws` command, by the service's own model."""
    service, operation, *rest = words[1:]
    options = [word.partition("=")[0] for word in rest if word.startswith("--")]
    if (service, operation) in _CUSTOM:
        return [f"{one} is no option" for one in options if one not in _CUSTOM[service, operation] | _GLOBAL]
    service = _MODELS.get(service, service)
    if operation == "wait":
        waiters = _by_cli_name(_waiters(service).waiter_names)
        if rest[0] not in waiters:
            return [f"{service} has no waiter {rest[0]}"]
        operation = xform_name(_waiters(service).get_waiter(waiters[rest[0]]).operation, "-")
    names = _by_cli_name(_service(service).operation_names)
    if operation not in names:
        return [f"{service} has no operation {operation}"]
    return list(_of_options(_service(service).operation_model(names[operation]), options, words))


def _of_options(model: OperationModel, options: list[str], words: list[str]) -> Iterator[str]:
    known = _known_options(model)
    required = model.input_shape.required_members if model.input_shape else []
    needed = [f"--{xform_name(name, '-')}" for name in required]
    yield from (f"{model.name} has no {option}" for option in options if option not in known)
    yield from (f"{model.name} needs {option}" for option in needed if option not in options)
    if (words[1], words[2]) in _OUTFILE and words[-1].startswith("--"):
        yield f"{model.name} needs a file for its answer"


def _known_options(model: OperationModel) -> set[str]:
    members = model.input_shape.members if model.input_shape else {}
    flags = {f"--no-{xform_name(name, '-')}" for name, one in members.items() if one.type_name == "boolean"}
    return {f"--{xform_name(name, '-')}" for name in members} | flags | _GLOBAL


def _by_cli_name(names: list[str]) -> dict[str, str]:
    return {xform_name(name, "-"): name for name in names}
