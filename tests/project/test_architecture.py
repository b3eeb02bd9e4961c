"""The structure of the code: which package imports which, unique names, and the size of modules and functions."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from radon.complexity import cc_visit_ast
from radon.visitors import Function

from tests.support.stack_template import of_type

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "partyline" / "partyline"

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_COMPLEXITY = 10

# Modules of these folders are named for the resource or the item that they hold, as other modules are.
SHARED_MODULE_NAMES = {LAYER / "api" / "resources", LAYER / "storage"}


# Every module that runs: the layer, the functions and what runs them here.
CODE = sorted(
    path
    for folder in (LAYER, *(ROOT / name for name in ("functions", "local", "operations", "benchmarks")))
    for path in folder.rglob("*.py")
)


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def repeated(places: dict[str, list[str]]) -> dict[str, list[str]]:
    return {key: found for key, found in places.items() if len(found) > 1}


def test_import_contracts_hold() -> None:
    """The contracts are in pyproject.toml. A process of its own: the linter configures logging and the console."""
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=ROOT,
        env={"PYTHONPATH": str(LAYER.parent), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr


# Settings of functions that have a form of their own.
_SETTINGS = {
    "ALLOWED_NETWORKS": "",
    "ALLOWED_ORIGINS": "",
    "CARRIER_TIMEOUT": "3",
    "GROUP_LIMIT": "10",
    "SEND_CONCURRENCY": "200",
    "SIGN_IN_ROLES": "admins=inbox admin",
}
# Loads the functions, and prints what of the modules that they do without was loaded.
_LOADING = """
import importlib.util, sys
*paths, heavy = sys.argv[1:]
for path in paths:
    spec = importlib.util.spec_from_file_location("app", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(*(module for module in heavy.split() if module in sys.modules))
"""
# The SDK, powertools' models of every event, an event loop, libraries for images and phone numbers, and the carriers.
_HEAVY = (
    "phonenumbers",
    *("boto3", "botocore.client", "botocore.session", "aws_lambda_powertools.utilities.parser", "asyncio", "PIL"),
    *(f"partyline.carriers.{path.stem}" for path in LAYER.glob("carriers/*_payloads.py")),
)


def list_loaded(paths: Iterable[Path], heavy: Iterable[str]) -> list[str]:
    """Import functions in a process of their own; return what it then has of the modules to do without."""
    described = of_type("AWS::Serverless::Function").values()
    own = {name for function in described for name in function.get("Environment", {}).get("Variables", {})}
    loaded = subprocess.run(
        [sys.executable, "-c", _LOADING, *paths, " ".join(heavy)],
        env=dict.fromkeys(own, "https://partyline.example/x")
        | _SETTINGS
        | {"AWS_REGION": "us-east-1", "PYTHONPATH": str(LAYER.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")
    return loaded.stdout.split()


def test_no_function_loads_the_sdk_or_a_carrier_when_it_is_imported() -> None:
    """Import contracts see imports inside functions too, which is where the SDK is imported."""
    # The function of the inbox's files has no layer.
    paths = [path for path in (ROOT / "functions").glob("*/app.py") if path.parent.name != "pages"]
    assert list_loaded(paths, _HEAVY) == []


# What a text does not need: the lists of the API and what only they have, cryptography of tokens and pages, queues.
_NOT_FOR_A_TEXT = (
    *("partyline.storage.queries", "partyline.storage.participations", "partyline.domain.inbox"),
    *("partyline.domain.contact_imports", "partyline.domain.erasures", "partyline.domain.notes"),
    *("partyline.domain.push_settings", "partyline.domain.snippets", "partyline.domain.text_index"),
    *("partyline.refusals", "partyline.carriers.bandwidth", "jwt", "nacl", "urllib.request"),
)


def test_receiving_a_text_loads_no_lists_and_no_tokens() -> None:
    """Carriers wait for a cold start of this function (docs/speed.md)."""
    assert list_loaded([ROOT / "functions" / "inbound" / "app.py"], _NOT_FOR_A_TEXT) == []


def test_the_api_loads_no_models_of_events() -> None:
    events = ["aws_lambda_powertools.utilities.data_classes"]
    assert list_loaded([ROOT / "functions" / "conversations" / "app.py"], events) == []


def test_frozen_classes_of_the_layer_are_made_without_generated_code() -> None:
    """Each class by `dataclass(frozen=True)` adds most of a millisecond to a cold start (decision 0171)."""
    standard = [name(path) for path in LAYER.rglob("*.py") if re.search(r"dataclass\(.*frozen=True", path.read_text())]
    assert standard == ["layers/partyline/partyline/frozen_classes.py"]


def test_objects_of_frozen_classes_are_copied_by_the_faster_replace() -> None:
    standard = [
        name(path) for path in LAYER.rglob("*.py") if re.search(r"dataclasses import.*\breplace\b", path.read_text())
    ]
    assert standard == ["layers/partyline/partyline/frozen_classes.py"]


def test_class_names_are_unique_in_the_layer() -> None:
    places = defaultdict(list)
    for path in LAYER.rglob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name(path))

    assert repeated(places) == {}


def test_module_names_are_unique_in_the_layer() -> None:
    places = defaultdict(list)
    for path in LAYER.rglob("*.py"):
        if path.name != "__init__.py" and path.parent not in SHARED_MODULE_NAMES:
            places[path.stem].append(name(path))

    assert repeated(places) == {}


def test_each_package_of_the_layer_says_what_it_is_for() -> None:
    for path in LAYER.rglob("__init__.py"):
        summary = (ast.get_docstring(tree(path)) or "").partition("\n")[0]
        assert summary.endswith("."), name(path)


def test_modules_are_short() -> None:
    large = {name(path) for path in CODE if len(path.read_text().splitlines()) > MAX_MODULE_LINES}

    assert large == set()


def test_functions_are_short() -> None:
    long = {
        f"{name(path)}:{node.name}"
        for path in CODE
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno >= MAX_FUNCTION_LINES
    }

    assert long == set()


def test_functions_are_simple() -> None:
    branching = {
        f"{name(path)}:{block.fullname}"
        for path in CODE
        for block in cc_visit_ast(tree(path))
        if isinstance(block, Function) and block.complexity > MAX_COMPLEXITY
    }

    assert branching == set()
