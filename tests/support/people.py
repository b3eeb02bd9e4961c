"""Chat identities, and other Services, for tests of what is seen through which."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import jwt

from partyline.domain import sids
from tests.support.api_harness import ACCOUNT, Api

SERVICE = sids.default_service(ACCOUNT)


def acting(api: Api, identity: str, service: str = SERVICE, **more: object) -> Api:
    """The API as a chat identity calls it, with a token that is made now."""
    key = api.made("/Keys")
    grants = {"identity": identity, "chat": {"service_sid": service}}
    now = int(api.context.clock().timestamp())
    claims = {"iss": key["sid"], "sub": ACCOUNT, "iat": now, "exp": now + 3600, "grants": grants, **more}
    token = jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})
    return replace(api, authorization=f"Bearer {token}")


def role_named(name: str, service: str = SERVICE) -> str:
    """The SID of one of the roles that every Service has."""
    return sids.derive(sids.ROLE, service, name)


def administrator(api: Api, identity: str = "boss") -> Api:
    """The API of a user whose role permits everything that one of the type `service` can."""
    api.made("/Users", {"Identity": identity, "RoleSid": role_named("service admin")})
    return acting(api, identity)


def another_service(api: Api, name: str = "other") -> str:
    """The SID of a new Service beside the default one."""
    return str(api.made("/Services", {"FriendlyName": name})["sid"])


STAFF = ("viewAnyConversation", "writeAsLine", "createConversation", "addNonChatParticipant")


def staff(api: Api, identity: str, *permissions: str) -> Api:
    """The API as somebody calls it whose role in the Service permits this."""
    form = [("FriendlyName", identity), ("Type", "service"), *(("Permission", one) for one in permissions or STAFF)]
    role = api.made("/Roles", form)["sid"]
    who = acting(api, identity)
    who.get("/Conversations")  # The first request of an identity makes its user.
    assert api.post(f"/Users/{quote(identity)}", {"RoleSid": role}).status == 200
    return who
