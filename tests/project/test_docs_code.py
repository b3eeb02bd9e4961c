"""The pages' blocks of code: what is marked as not run is checked here, and everything's syntax.

Blocks without a marker are run, as they stand, by tests/e2e/test_docs.py.
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from samcli.yamlhelper import yaml_parse

from local import node
from tests.support import aws_arguments
from tests.support.docs_pages import NEEDS, ROOT, RUNNABLE, SHOWN, Block, read_pages

BLOCKS = [block for page in read_pages() for block in page.blocks]
PROGRAMS = [block for block in BLOCKS if block.language in RUNNABLE]
SHELL = [block for block in PROGRAMS if block.language == "sh"]
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
# What `make run`, `make build` and the commands of a page themselves write.
MADE = {
    *(f".partyline/{name}" for name in ("carriers.env", "env.json", "local.env")),
    *(f".partyline/dev/bin/{name}" for name in ("python", "sam")),
    *(f".partyline/{name}" for name in ("try", "try/bin/pip", "try/bin/python", "try/group.py", "try/group.mjs")),
}


def every(blocks: list[Block]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks, ids=str)


def test_the_pages_have_code() -> None:
    assert {block.language for block in PROGRAMS} == RUNNABLE
    assert Counter(bool(block.needs) for block in PROGRAMS)[False] >= 10


@every(BLOCKS)
def test_block_has_a_known_language_and_marker(block: Block) -> None:
    assert block.language in RUNNABLE | SHOWN
    assert block.needs in NEEDS | {""}


@every([block for block in PROGRAMS if block.language == "python"])
def test_python_parses(block: Block) -> None:
    ast.parse(block.code)


@every(SHELL)
def test_shell_parses(block: Block) -> None:
    checked = subprocess.run(["bash", "-n"], input=block.code, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")


@every(SHELL)
def test_shell_asks_as_bash_and_zsh_both_can(block: Block) -> None:
    """`read -p` shows a prompt in bash only: zsh reads from a coprocess."""
    assert re.findall(r"\bread +-\w*p\w*", block.code) == []


@every([block for block in PROGRAMS if block.language == "js"])
def test_javascript_parses(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "block.mjs"
    file.write_text(block.code)
    checked = subprocess.run([node.NODE, "--check", file], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")


@every(SHELL)
def test_shell_names_what_exists(block: Block) -> None:
    """Files of the project, targets of make, and of the template Outputs, parameters and logical IDs."""
    assert [
        *(f"no file {path}" for path in project_paths(block.code) if not (ROOT / path).exists() and path not in MADE),
        *(f"no target {target}" for target in make_targets(block.code) if target not in known_targets()),
        *(f"no Output {name}" for name in outputs(block.code) if name not in TEMPLATE["Outputs"]),
        *(f"no parameter {name}" for name in parameters(block.code) if name not in TEMPLATE["Parameters"]),
        *(f"no resource {name}" for name in logical_ids(block.code) if name not in TEMPLATE["Resources"]),
    ] == []


@every([block for block in SHELL if re.search(r"\baws ", block.code)])
def test_aws_commands_have_the_services_arguments(block: Block) -> None:
    wrong = {
        " ".join(words): found
        for words in aws_arguments.commands(block.code)
        if (found := aws_arguments.problems(words))
    }

    assert wrong == {}


@every([block for block in SHELL if re.search(r"\bsam ", block.code)])
def test_sam_commands_have_sams_options(block: Block) -> None:
    code = block.code.replace("\\\n", " ")
    for command, given in re.findall(r"\bsam ((?:local )?[a-z]+)((?: +(?:[^\s|;&#]+))*)", code):
        known = sam_options(command)
        assert [option for option in re.findall(r"(?<=\s)--?[a-z][\w-]*", given) if option not in known] == []


@every(SHELL)
def test_shell_uses_no_variable_that_nothing_assigns(block: Block) -> None:
    """On its page, or in the environment that the pages agree on."""
    page = "\n".join(one.code for one in SHELL if one.page == block.page and one.line <= block.line)
    used = set(re.findall(r"\$\{?([A-Za-z_]\w*)", without_single_quotes(block.code)))
    assigned = set(re.findall(r"(?:^|[\s;(])([A-Za-z_]\w*)=", page)) | read_or_looped(page)

    assert used - assigned - ENVIRONMENT == set()


# The names of `.partyline/local.env`, which docs/deploying.md assigns for a stack on AWS too, and what a shell has.
ENVIRONMENT = {"PARTYLINE_URL", "PARTYLINE_ACCOUNT_SID", "PARTYLINE_AUTH_TOKEN", "PARTYLINE_LIVE_URL", "STACK", "PATH"}


def test_one_name_for_each_credential() -> None:
    """No page uses another name for what a client needs."""
    other = re.compile(r"\$\{?(AC|TOKEN|URL|ApiUrl)\b|\b(ACCOUNT_SID|AUTH_TOKEN|api_url|apiUrl)\b")
    found = {
        str(block): [match[0] for match in other.finditer(re.sub(r"PARTYLINE_\w+|TWILIO_\w+", "", block.code))]
        for block in PROGRAMS
    }

    assert {where: names for where, names in found.items() if names} == {}


def test_a_wrong_aws_command_is_found() -> None:
    code = """queue=$(aws sqs get-queue-attribute --queue-url "$(aws sqs list-queues --prefix x)")
              aws lambda invoke --payload {} a.json"""
    found = [aws_arguments.problems(words) for words in aws_arguments.commands(code)]

    assert found == [
        ["sqs has no operation get-queue-attribute"],
        ["ListQueues has no --prefix"],
        ["Invoke needs --function-name"],
    ]


def test_a_name_that_does_not_exist_is_found() -> None:
    code = 'make nothing\nsam deploy --parameter-overrides Nothing=1\necho "$(output NoUrl)" functions/none/app.py'

    assert make_targets(code) == ["nothing"]
    assert parameters(code) == ["Nothing"]
    assert outputs(code) == ["NoUrl"]
    assert project_paths(code) == ["functions/none/app.py"]


def project_paths(code: str) -> list[str]:
    """What looks like a path of the project."""
    tops = r"(?:\.ci|\.partyline|clients|docs|events|functions|layers|local|tests)"
    return re.findall(rf"(?<![\w/.$}}-])({tops}/[\w./-]*\w)", code)


def make_targets(code: str) -> list[str]:
    return re.findall(r"(?:^|[\s;&|(])make +([a-z]+)", re.sub(r"#.*", "", code))


def known_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def outputs(code: str) -> list[str]:
    """The Outputs of the stack: `output` is the function that docs/deploying.md defines."""
    return re.findall(r"\$\(output (\w+)\)", code)


def parameters(code: str) -> list[str]:
    given = re.findall(r"--parameter-overrides((?: +\w+=\S+)+)", code.replace("\\\n", " "))
    return [*re.findall(r"(\w+)=", " ".join(given)), *re.findall(r"ParameterKey=='(\w+)'", code)]


def logical_ids(code: str) -> list[str]:
    invoked = re.findall(r"sam local invoke +(\w+)", code)
    return (
        invoked
        + re.findall(r"--logical-resource-id +(\w+)", code)
        + re.findall(r"LogicalResourceId(?:: |==)\W(\w+)", code)
    )


@cache
def sam_options(command: str) -> set[str]:
    """The options of a command of SAM's own program."""
    module = command.replace(" ", ".")
    module = f"{module}.cli" if command.startswith("local ") else f"{module}.command"
    program = importlib.import_module(f"samcli.commands.{module}").cli
    return {option for one in program.params for option in (*one.opts, *one.secondary_opts)}


def without_single_quotes(code: str) -> str:
    """The shell sees no variable between single quotes, nor in a here-document whose end is quoted."""
    plain = re.sub(r"<<'(\w+)'.*?^\1$", "", code, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"'[^']*'", "''", re.sub(r"#.*", "", plain))


def read_or_looped(code: str) -> set[str]:
    looped = re.findall(r"\bfor (\w+) in\b", code)
    read = re.findall(r"\bread ((?:-\w+ +)*)((?:'[^']*' +|\"[^\"]*\" +)?)((?:\w+[ \t]*)+)", code)
    return {*looped, *(name for *_, names in read for name in names.split())}
