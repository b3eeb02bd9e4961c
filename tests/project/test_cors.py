"""Which web pages a deployed stack answers: the template's preflight, gateway responses and bucket rule."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from local import expansion
from local.intrinsics import Intrinsics
from local.mapping_templates import read_header_overrides

PATHS = ("/v1", "/v1/{proxy+}", "/v2/{proxy+}", "/media/{proxy+}")
ONE = "https://app.example"
TWO = "https://app.example,http://localhost:3000"
# What a page of an unlisted origin may try.
OTHERS = ["", "null", "*", "https://evil.example", "https://app.example.evil.example", TWO, f"{ONE}/", '"', "$allowed"]


@pytest.fixture(scope="module")
def expanded() -> dict[str, Any]:
    return expansion.expand()


def resolved(expanded: dict[str, Any], origins: str) -> dict[str, Any]:
    """The resources of the stack with some allowed origins."""
    result: dict[str, Any] = Intrinsics(expanded, {"AllowedOrigins": origins}).resolve(expanded["Resources"])
    return result


def test_without_origins_the_stack_is_what_it_is_without_the_parameter(expanded: dict[str, Any]) -> None:
    def without_cors(source: dict[str, Any]) -> None:
        api = source["Resources"]["Api"]["Properties"]
        for name in ("AlwaysDeploy", "MergeDefinitions", "DefinitionBody"):
            del api[name]
        for kind in ("MISSING_AUTHENTICATION_TOKEN", "THROTTLED", "REQUEST_TOO_LARGE", "DEFAULT_4XX", "DEFAULT_5XX"):
            del api["GatewayResponses"][kind]["ResponseParameters"]
        del source["Resources"]["MediaBucket"]["Properties"]["CorsConfiguration"]
        for function in ("ConversationsFunction", "LinksFunction"):
            del source["Resources"][function]["Properties"]["Environment"]["Variables"]["ALLOWED_ORIGINS"]

    plain, ours = (comparable(resolved(whole, "")) for whole in (expansion.expand(without_cors), expanded))
    for function in ("ConversationsFunction", "LinksFunction"):
        assert ours[function]["Properties"]["Environment"]["Variables"].pop("ALLOWED_ORIGINS") == ""

    assert ours == plain


def comparable(resources: dict[str, Any]) -> dict[str, Any]:
    """Resources without the names of the deployment and of versions, which differ for each definition and moment."""
    kept = {
        name: copy.deepcopy(one)
        for name, one in resources.items()
        if not name.startswith("ApiDeployment") and one["Type"] != "AWS::Lambda::Version"
    }
    del kept["ApiprodStage"]["Properties"]["DeploymentId"]
    for one in kept.values():
        if one["Type"] == "AWS::Lambda::Alias":
            del one["Properties"]["FunctionVersion"]
    return kept


@pytest.mark.parametrize("origins", [ONE, TWO])
def test_a_preflight_is_answered_for_every_path_of_clients_without_a_function(
    expanded: dict[str, Any], origins: str
) -> None:
    paths = resolved(expanded, origins)["Api"]["Properties"]["Body"]["paths"]
    answers = [paths[path]["options"] for path in PATHS]

    assert {path for path, item in paths.items() if "options" in item} == set(PATHS)
    # A new path is for pages of other origins, with a preflight, or it is named here. Sign-in has cookies, and the
    # inbox is a page itself: both are for their own origin alone.
    assert {path for path in paths if not path.startswith(("/carriers/", "/session", "/inbox"))} == set(PATHS)
    assert all(answer == answers[0] for answer in answers)
    integration = answers[0]["x-amazon-apigateway-integration"]
    [answer] = integration["responses"].values()
    headers = {
        name.removeprefix("method.response.header."): value for name, value in answer["responseParameters"].items()
    }
    assert integration["type"] == "mock"
    # All types are binary, and a mapping template is applied to text only.
    assert (integration["contentHandling"], answer["contentHandling"]) == ("CONVERT_TO_TEXT", "CONVERT_TO_TEXT")
    assert set(headers) | {"Access-Control-Allow-Origin"} == set(answers[0]["responses"]["204"]["headers"])
    assert all(re.fullmatch(r"'[^']+'", value) for value in headers.values())
    assert headers["Vary"] == "'Origin'"
    allowed = headers["Access-Control-Allow-Headers"].strip("'").split(", ")
    assert {"Authorization", "Content-Type", "Idempotency-Key", "Range", "If-Match"} <= set(allowed)
    methods = set(headers["Access-Control-Allow-Methods"].strip("'").split(", "))
    assert methods == {method.upper() for path in PATHS for method in paths[path]} - {"OPTIONS"}
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("origins", [ONE, TWO])
@pytest.mark.parametrize("name", ["Origin", "origin"])
def test_a_preflight_names_a_listed_origin_and_no_other(expanded: dict[str, Any], origins: str, name: str) -> None:
    operation = resolved(expanded, origins)["Api"]["Properties"]["Body"]["paths"]["/v1/{proxy+}"]["options"]
    [answer] = operation["x-amazon-apigateway-integration"]["responses"].values()
    template = answer["responseTemplates"]["application/json"]

    for origin in origins.split(","):
        assert read_header_overrides(template, {name: origin}) == {"Access-Control-Allow-Origin": origin}
    for other in OTHERS:
        assert read_header_overrides(template, {name: other}) == {}
    assert read_header_overrides(template, {}) == {}


@pytest.mark.parametrize(("origins", "value"), [(ONE, f"'{ONE}'"), (TWO, "'*'")])
def test_errors_of_the_gateway_can_be_read_by_the_one_origin_or_by_all(
    expanded: dict[str, Any], origins: str, value: str
) -> None:
    definition = resolved(expanded, origins)["Api"]["Properties"]["Body"]
    named = {
        kind: answer["responseParameters"].get("gatewayresponse.header.Access-Control-Allow-Origin")
        for kind, answer in definition["x-amazon-apigateway-gateway-responses"].items()
    }

    # The authorizer's are for Bandwidth.
    assert named.pop("UNAUTHORIZED") is None
    assert named.pop("ACCESS_DENIED") is None
    assert set(named.values()) == {value}


@pytest.mark.parametrize("origins", [ONE, TWO])
def test_a_file_that_the_bucket_serves_can_be_read_by_the_same_origins(expanded: dict[str, Any], origins: str) -> None:
    """After a redirect to another origin a browser names the page's as null (Fetch standard, redirect-tainted)."""
    [rule] = resolved(expanded, origins)["MediaBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]

    assert rule["AllowedOrigins"] == [*origins.split(","), "null"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD"}
    assert "Content-Range" in rule["ExposedHeaders"]


def test_a_changed_list_is_deployed(expanded: dict[str, Any]) -> None:
    """SAM makes a deployment for another text of the definition only; the values of parameters are not in it."""
    source = expansion.read_source()

    assert source["Resources"]["Api"]["Properties"]["AlwaysDeploy"] is True


@pytest.mark.parametrize("text", ["", ONE, TWO, "https://[::1]:8443", "http://127.0.0.1:9000,https://a-b.example.com"])
def test_origins_can_be_listed(expanded: dict[str, Any], text: str) -> None:
    assert re.fullmatch(expanded["Parameters"]["AllowedOrigins"]["AllowedPattern"], text)


@pytest.mark.parametrize(
    "text",
    ["*", "null", f"{ONE}/", f"{ONE}/path", f"{ONE}, {ONE}", f"{ONE},", "app.example", "ftp://app.example", "https://A.example",
     'https://a"]', "https://a$b", "https://a#b", "https://a'b", "https://*.example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(expanded: dict[str, Any], text: str) -> None:
    assert not re.fullmatch(expanded["Parameters"]["AllowedOrigins"]["AllowedPattern"], text)
