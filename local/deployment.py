"""The real template, built for this machine and deployed to an emulator by SAM itself."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_dump, yaml_parse

from local.emulator import Emulator, environment
from local.environments import ROOT, STATE, exclusive
from local.intrinsics import Intrinsics
from local.processes import Program
from local.release import name_release

STACK = "partyline"
STAGE = "prod"

_BUILDS = STATE / "builds"
_BUCKET = "partyline-local"
# The tag of the stack that says what is deployed.
_DIGEST = "digest"
_NEWEST_RUNTIME = (3, 14)
_LAYER = "PartylineLayer"
_UNSUPPORTED = {"AWS::Cognito::ManagedLoginBranding", "AWS::CloudWatch::Dashboard"}


@dataclass(frozen=True)
class Deployment:
    """A deployed stack: its outputs, where its API answers, where live connections are made, and the physical names of
    its resources."""

    outputs: Mapping[str, str]
    url: str
    live_url: str
    resources: Mapping[str, str]


def runtime() -> str:
    """The name of Lambda's runtime that is nearest to the Python that runs this, and the functions."""
    major, minor = min(sys.version_info[:2], _NEWEST_RUNTIME)
    return f"python{major}.{minor}"


def architecture() -> str:
    """This machine's processor, as Lambda calls it."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def build(log: Path, source: Path = ROOT) -> Path:
    """Build the template of a source tree and return its path. Builds are cached by their inputs."""
    with exclusive("builds.lock"):
        target = _BUILDS / _fingerprint(source)
        if not (target / "template.yaml").is_file():
            _prune(keep=3)
            unfinished = target.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            parameters = [f"Runtime={runtime()}", f"Architecture={architecture()}"]
            Program(
                "sam build",
                ["sam", "build", "--build-dir", str(unfinished), "--parameter-overrides", *parameters],
                cwd=source,
                env={
                    **environment("http://127.0.0.1:9"),
                    "PARTYLINE_RUNTIME": runtime(),
                    "PARTYLINE_ARCHITECTURE": "host",
                    "PARTYLINE_PYTHON": sys.executable,
                },
                log=log,
            ).finish()
            _prepare(unfinished / "template.yaml")
            unfinished.rename(target)
        target.touch()
    return target / "template.yaml"


def _prepare(template: Path) -> None:
    """Take out of a built template what the emulator refuses a whole template for: the style of Cognito's pages,
    alarms on more than one metric, and the dashboard, which names them.

    Pack its layer once, which SAM would do for each deployment.
    """
    built = yaml_parse(template.read_text())
    resources = {name: one for name, one in built["Resources"].items() if not _is_unsupported(one)}
    packed = shutil.make_archive(str(template.with_name(_LAYER)), "zip", template.with_name(_LAYER))
    resources[_LAYER]["Properties"]["ContentUri"] = Path(packed).name
    template.write_text(yaml_dump({**built, "Resources": resources}))


def _is_unsupported(resource: Mapping[str, Any]) -> bool:
    return resource["Type"] in _UNSUPPORTED or (
        resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    )


def deploy(
    emulator: Emulator, template: Path, parameters: Mapping[str, str], log: Path, source: Path = ROOT
) -> Deployment:
    """Deploy the template that was built of a source tree, and return its stack.

    A stack that is there is upgraded, if anything has changed. Parameters that the template does not have are left out.
    """
    ours = {"Runtime": runtime(), "Architecture": architecture(), "LiveEndpoint": emulator.execute_api}
    known = yaml_parse(template.read_text())["Parameters"]
    overrides = {name: value for name, value in {**ours, **parameters}.items() if name in known}
    for cache in source.glob("functions/*/__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)
    digest = _digest_deployed(template, overrides, source)
    formation = emulator.client("cloudformation")
    if _find_deployed(formation) != digest:
        _run_sam(emulator, template, overrides, digest, log)
    [stack] = formation.describe_stacks(StackName=STACK)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    _put_gateway_responses(emulator, formation, outputs["ApiId"], overrides)
    return Deployment(
        outputs=outputs,
        url=f"{emulator.execute_api}/{outputs['ApiId']}/{STAGE}",
        live_url=f"{emulator.execute_api}/{outputs['LiveApiId']}/{STAGE}".replace("http://", "ws://", 1),
        resources={
            entry["LogicalResourceId"]: entry["PhysicalResourceId"]
            for entry in formation.describe_stack_resources(StackName=STACK)["StackResources"]
        },
    )


def _digest_deployed(template: Path, parameters: Mapping[str, str], source: Path) -> str:
    """What a deployed stack is made of: the build, the functions, which SAM packs where they are, the parameters."""
    digest = hashlib.sha256(template.parent.name.encode() + json.dumps(parameters, sort_keys=True).encode())
    for path in sorted((source / "functions").rglob("*")):
        if path.is_file():
            digest.update(f"\0{path.relative_to(source)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _find_deployed(formation: Any) -> str | None:
    """Return the digest of the stack that is there, None where there is none."""
    try:
        [stack] = formation.describe_stacks(StackName=STACK)["Stacks"]
    except formation.exceptions.ClientError:
        return None
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())}
    return tags.get(_DIGEST)


def _run_sam(emulator: Emulator, template: Path, parameters: Mapping[str, str], digest: str, log: Path) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    # Beside the built one, whose paths it has.
    named = template.with_name(f"{digest}.yaml")
    text = template.read_text()
    # Releases up to 0.2.0 have no name.
    named.write_text(name_release(text, digest) if "RELEASE:" in text else text)
    Program(
        "sam deploy",
        [
            *("sam", "deploy", "--template-file", str(named), "--stack-name", STACK, "--s3-bucket", _BUCKET),
            *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--tags", f"{_DIGEST}={digest}"),
            # Without those that are empty, which SAM refuses; each of them is empty by default.
            *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items() if value)),
        ],
        cwd=ROOT,
        env={**environment(emulator.endpoint), "SAM_CLI_POLL_DELAY": "0.2"},
        log=log,
    ).finish()
    named.unlink()
    # What was packed has served. In a state that is kept it would stay for good.
    for packed in s3.list_objects_v2(Bucket=_BUCKET).get("Contents", ()):
        s3.delete_object(Bucket=_BUCKET, Key=packed["Key"])


def _put_gateway_responses(emulator: Emulator, formation: Any, api: str, parameters: Mapping[str, str]) -> None:
    """Give the API the answers of its gateway: the emulator's import of an API definition leaves them out."""
    template = formation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    definition = template["Resources"]["Api"]["Properties"]["Body"]
    answers = Intrinsics(template, parameters).resolve(definition["x-amazon-apigateway-gateway-responses"])
    gateway = emulator.client("apigateway")
    for kind, answer in answers.items():
        status = {"statusCode": answer["statusCode"]} if "statusCode" in answer else {}
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            responseParameters=answer.get("responseParameters", {}),
            responseTemplates=answer.get("responseTemplates", {}),
            **status,
        )
    gateway.create_deployment(restApiId=api, stageName=STAGE)


def _fingerprint(source: Path) -> str:
    """What a build depends on. The functions are not copied by it: SAM packs them from where they are."""
    digest = hashlib.sha256(f"{sys.version}{platform.machine()}{source}".encode())
    for path in _inputs(source):
        digest.update(f"\0{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _inputs(source: Path) -> Iterator[Path]:
    yield source / "template.yaml"
    yield Path(__file__)
    for path in sorted((source / "layers").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _prune(keep: int) -> None:
    """Remove old builds; the newest stay, for a stack that is being deployed from one right now."""
    builds = sorted((path for path in _BUILDS.glob("*") if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in builds[: max(0, len(builds) - keep)]:
        shutil.rmtree(path, ignore_errors=True)
