"""What the OpenAPI document says of every operation alike: errors, keys, versions, scopes."""

from typing import Any

from ninja.openapi.schema import OpenAPISchema

from ringdesk.config.api_problems import CONTENT_TYPE
from ringdesk.core.schemas import Problem

DESCRIPTION = """
`Authorization: Bearer rd_…`: a token of one organization, made under Settings → API tokens. An operation names the
scope it needs; without it the answer is 403. What belongs to another organization is not there: 404.

Lists come page by page: `limit`, and `after` with the `next` of the page before. Times are RFC 3339 with an offset.
Every POST may carry an `Idempotency-Key`: sent again within 24 hours with the same body it gives the first answer
again and does nothing; with another body it is refused (422). What can be changed has a `version`, also as `ETag`:
sent back as `If-Match`, a change of something that is another by now is refused (409).

Errors are `application/problem+json` (RFC 9457), their texts in the language of `Accept-Language` (ru, en).
"""
_REF = {"$ref": "#/components/schemas/Problem"}
_MEANINGS = {
    "400": "The request is not as described here.",
    "401": "No valid token.",
    "403": "The token lacks the scope.",
    "404": "Not there, or another organization’s.",
    "409": "Taken by somebody else (`alternatives` are free), or changed in the meantime (`version`).",
    "413": "Larger than 1 MiB.",
    "422": "The Idempotency-Key belongs to another request.",
}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Sent again with the same body, the first answer comes again.",
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": 'The version you have seen, like `"3"`.',
}
_BEARER = {"type": "http", "scheme": "bearer", "description": "A token of the organization."}


def describe(document: OpenAPISchema, scopes: dict[tuple[str, str], str]) -> OpenAPISchema:
    """Complete the document ninja makes of the code; ``scopes`` by address and method."""
    components = document["components"]
    components["schemas"]["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(components["schemas"]["Problem"].pop("$defs", {}))
    components["securitySchemes"] = {"token": _BEARER}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation, scopes[path, method])
    return document


def _complete(path: str, method: str, operation: dict[str, Any], scope: str) -> None:
    statuses = ["400", "401", "403"]
    if "{" in path:
        statuses.append("404")
    if method != "get":
        statuses += ["409", "413"]
    if method == "post":
        statuses.append("422")
        operation["parameters"].append(_KEY)
    if method in ("patch", "delete"):
        operation["parameters"].append(_IF_MATCH)
    for status in statuses:
        answer = {"description": _MEANINGS[status], "content": {CONTENT_TYPE: {"schema": _REF}}}
        operation["responses"].setdefault(status, answer)
    operation["security"] = [{"token": [scope]}]
    operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`.".strip()
