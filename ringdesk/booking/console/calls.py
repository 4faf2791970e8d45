"""A call as others write it: values from what was typed, an HTTP request, a line of a bot. Pure."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ringdesk.booking.bots.arguments import LARGEST, is_absent

PATH = "/api/v1/functions/"


def value(text: str) -> Any:
    """Return what was typed as JSON: an id, a list of ids, else the text itself."""
    said = text.strip()
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return said
    if _is_id(found) or (isinstance(found, list) and all(map(_is_id, found))):
        return found
    return said


def arguments(texts: Sequence[str]) -> list[Any]:
    """Return the values in their order; "" stands for one left out, and nothing for those at the end."""
    values = [value(text) for text in texts]
    while values and is_absent(values[-1]):
        values.pop()
    return values


def body(args: Sequence[Any], client: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON of the request."""
    known = {name: text for name, text in client.items() if text}
    return {"args": list(args)} | ({"client": known} if known else {})


def as_curl(base_url: str, name: str, args: Sequence[Any], client: Mapping[str, str]) -> str:
    """Return the request as a line for a shell; the token stands in a variable."""
    said = json.dumps(body(args, client), ensure_ascii=False)
    return (
        f"curl -X POST {shlex.quote(base_url + PATH + name)} \\\n"
        '  -H "Authorization: Bearer $RINGDESK_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(said)}"
    )


def as_bot_call(name: str, args: Sequence[Any]) -> str:
    """Return the call as scripts of bots write it."""
    return f"{name}({', '.join(json.dumps(each, ensure_ascii=False) for each in args)})"


def _is_id(found: Any) -> bool:
    return type(found) is int and 0 <= found <= LARGEST
