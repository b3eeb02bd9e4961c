"""Which addresses of push services are taken."""

from __future__ import annotations

import pytest

from partyline.http_client import Policy, parse_networks
from partyline.web_push.endpoints import find_endpoint_problem

LOCAL = Policy(networks=parse_networks("127.0.0.0/8,::1/128"))


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/c1KrmpTuRm8:APA91bH",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABh",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://wns2-am3p.notify.windows.com/w/?token=BQYAAAA%3d",
        "https://push.example:8443/send/1",
        "https://8.8.8.8/send/1",
    ],
)
def test_push_services_of_browsers_are_taken(endpoint: str) -> None:
    assert find_endpoint_problem(endpoint, Policy()) is None


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ("", "it is no URL"),
        ("push", "it is no URL"),
        ("https://", "it is no URL"),
        ("https://push.example/a b", "it is no URL"),
        ("https://push.example/\n", "it is no URL"),
        ("https://pushé.example/", "it is no URL"),
        ("https://push.example:99999/", "it is no URL"),
        ("https://[::1/", "it is no URL"),
        ("https://user:secret@push.example/", "it is the URL of a push service, without credentials and fragment"),
        ("https://push.example/#x", "it is the URL of a push service, without credentials and fragment"),
        ("http://push.example/send", "it is no https URL"),
        ("http://8.8.8.8/send", "it is no https URL"),
        ("ftp://push.example/send", "it is no https URL"),
        ("https://127.0.0.1/send", "it has an address that is not public"),
        ("https://169.254.169.254/latest/meta-data", "it has an address that is not public"),
        ("https://[::1]/send", "it has an address that is not public"),
        ("https://[::ffff:10.0.0.1]/send", "it has an address that is not public"),
        ("http://10.0.0.1/send", "it has an address that is not public"),
        ("https://push.example/" + "x" * 1024, "it is longer than 1024 characters"),
    ],
)
def test_no_others_are(endpoint: str, problem: str) -> None:
    assert find_endpoint_problem(endpoint, Policy()) == problem


def test_http_is_for_the_networks_that_a_deployment_allows() -> None:
    assert find_endpoint_problem("http://127.0.0.1:9000/send/ann", LOCAL) is None
    assert find_endpoint_problem("http://[::1]:9000/send/ann", LOCAL) is None
    assert find_endpoint_problem("http://10.0.0.1/send", LOCAL) == "it has an address that is not public"
    assert find_endpoint_problem("http://localhost/send", LOCAL) == "it is no https URL"
