"""What schemathesis is told of the hub: who asks, what there is, and to take the description at its word (test_schemathesis.py)."""

from __future__ import annotations

import itertools
import json
import os
import urllib.parse
import urllib.request

import schemathesis

KNOWN = json.loads(os.environ["PINGWATCH_KNOWN"])
IDS = KNOWN["ids"]
# A picture's signed link.
MEDIA = "/media/{event}/{object}"
POSTER = urllib.parse.urlsplit(KNOWN["poster"])
SIGNED = dict(urllib.parse.parse_qsl(POSTER.query))
# What identifies a thing in such a path.
PATHS = {"/devices/{id}": "device_id", "/events/{id}": "event_id", "/jobs/{id}": "job_id"}

# What concerns one's own sign-ins is done by somebody else, who signs in anew each time; and what ends more than that, by new people.
LASTING = {"GET /auth/me"}
LEAVING = {"DELETE /auth/me", "POST /account/leave", "DELETE /account"}
newcomers = itertools.count()
SECRETS = {
    "GET /metrics": ("Authorization", f"Bearer {KNOWN['metrics']}"),
    "POST /notifications/telegram/webhook": ("X-Telegram-Bot-Api-Secret-Token", KNOWN["telegram"]),
}


def sign_in(email: str) -> str:
    body = json.dumps({"email": email}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{KNOWN['url']}/auth/dev/login", data=body, method="POST"), timeout=10) as response:
        return json.load(response)["access_token"]


# Asked each time: it depends on the operation.
@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context) -> str:
        label = case.operation.label
        if label in LEAVING:
            return sign_in(f"newcomer-{next(newcomers)}@example.org")
        return sign_in(KNOWN["leaver"]) if case.operation.path.startswith("/auth/") and label not in LASTING else KNOWN["token"]

    def set(self, case, data, context) -> None:
        if case.operation.path == MEDIA:
            case.query = {**(case.query or {}), "s": SIGNED["s"]}
            return
        name, value = SECRETS.get(case.operation.label, ("Authorization", f"Bearer {data}"))
        case.headers = {**(case.headers or {}), name: value}


def holds_nul(values) -> bool:
    return "\\u0000" in json.dumps(values or {}, default=str)


# libwebsockets ends a request with %00 in its target before the hub is asked (test_hostile_http.py).
@schemathesis.hook
def filter_path_parameters(context, path_parameters) -> bool:
    # What is asked about everywhere stays.
    is_needed = context.operation.method == "delete" and not set((path_parameters or {}).values()).isdisjoint(IDS.values())
    return not holds_nul(path_parameters) and not is_needed


@schemathesis.hook
def filter_query(context, query) -> bool:
    return not holds_nul(query)


@schemathesis.hook
def before_load_schema(context, raw_schema) -> None:
    schemas = raw_schema["components"]["schemas"]
    asked: set[str] = set()
    for path, operations in raw_schema["paths"].items():
        for method, operation in operations.items():
            close(operation["responses"])
            for parameter in operation.get("parameters", []):
                example = example_of(method, path, parameter)
                if example is not None:
                    parameter["example"] = example
            for content in operation.get("requestBody", {}).get("content", {}).values():
                exemplify(content["schema"])
                asked |= names(content["schema"])
    for name, schema in schemas.items():
        if name not in asked:
            close(schema)


def example_of(method: str, path: str, parameter: dict) -> str | None:
    if path == MEDIA:
        return {**dict(zip(["event", "object"], POSTER.path.split("/")[2:])), **SIGNED, "Range": "bytes=2-9"}.get(parameter["name"])
    if method == "delete" and path in KNOWN["removable"]:
        # What all others are tried with stays.
        return KNOWN["removable"][path]
    if parameter["in"] == "path" and method != "delete":
        return next((IDS[name] for start, name in PATHS.items() if path.startswith(start)), None)
    return IDS.get(parameter["name"])


def exemplify(schema: dict) -> None:
    for kind in schema.get("oneOf", [schema]):
        for name in kind.get("required", []):
            if name in IDS:
                kind["properties"][name]["example"] = IDS[name]


def names(schema: dict) -> set[str]:
    return {piece.split('"')[0] for piece in json.dumps(schema).split('"#/components/schemas/')[1:]}


def close(value) -> None:
    """A field that is answered and not described is a failure here, while clients are free to overlook what they do not know."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        close(item)
    if isinstance(value, dict) and value.get("properties") and "additionalProperties" not in value:
        value["additionalProperties"] = False
