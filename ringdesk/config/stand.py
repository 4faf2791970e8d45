"""The test stand, ``ringdesk call``: one call through the door of the demo connector, as a PBX would place it."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from ringdesk.config.refusal import Refused

RINGS = 5.0  # s until a missed call is given up
INCOMING, OUTGOING = "1", "2"
STARTED, ENDED, ANSWERED = "1", "2", "3"
Parameters = dict[str, str]


@dataclass(frozen=True)
class TestCall:
    """What is to be acted out; times in seconds."""

    phone: str
    extension: str = "100"
    line: str = ""
    rings: float | None = None  # until it is answered; None: nobody answers
    talk: float = 10.0
    outgoing: bool = False
    smart: bool = False


def events(
    call: TestCall, extension: str, call_id: str, now: Callable[[], float], wait: Callable[[float], None]
) -> Iterator[Parameters]:
    """What the PBX says, event by event, each when it is time. ``now``: Unix seconds; ``wait``: seconds."""
    parties = _parties(call, extension) | {"call_id": call_id}
    times = {"call_start_timestamp": f"{now():.0f}"}
    yield {"event": STARTED, **parties}
    if call.rings is None:
        wait(RINGS)
    else:
        wait(call.rings)
        times["call_answer_timestamp"] = f"{now():.0f}"
        yield {"event": ANSWERED, **parties}
        wait(call.talk)
    status = "NOANSWER" if call.rings is None else "ANSWER"
    end = {"timestamp": f"{now():.0f}", "status": status}
    yield {"event": ENDED, **parties, "call_record_link": "", **times, **end}


def _parties(call: TestCall, extension: str) -> Parameters:
    if call.outgoing:
        return {"src_type": OUTGOING, "src_num": extension, "dst_num": call.phone}
    line = {"line": call.line} if call.line else {}
    return {"src_type": INCOMING, **line, "dst_num": extension, "src_num": call.phone}


def place(call: TestCall, address: str, say: Callable[[str], None]) -> None:
    """Send the events in real time and print each with its answer. Refused: the door did not take one."""
    call_id = f"stand-{uuid.uuid4().hex[:12]}"
    with httpx.Client(timeout=10) as client:

        def send(parameters: Parameters) -> httpx.Response:
            say(f"GET {shortened(address)}?{urlencode(parameters)}")
            answer = _get(client, address, parameters)
            say(f"    {answer.status_code} {answer.text.strip()[:300]}")
            if answer.status_code != httpx.codes.OK:
                raise Refused(_advice(answer.status_code))
            return answer

        extension = call.extension
        if call.smart:
            extension = _responsible(send, call, call_id) or extension
        for parameters in events(call, extension, call_id, time.time, time.sleep):
            send(parameters)


def _responsible(send: Callable[[Parameters], httpx.Response], call: TestCall, call_id: str) -> str:
    """Whom the PBX is told to ring; empty when Ringdesk leaves it to the PBX."""
    question = {"event": STARTED, "smart_transfer_is_required": "1", "call_id": call_id, "src_num": call.phone}
    if call.line:
        question["line"] = call.line
    try:
        return str(send(question).json().get("responsible") or "")
    except (ValueError, AttributeError):
        return ""


def _get(client: httpx.Client, address: str, parameters: Parameters) -> httpx.Response:
    try:
        return client.get(address, params=parameters)
    except httpx.HTTPError as error:
        base = urlunsplit((*urlsplit(address)[:2], "", "", ""))
        raise Refused(
            f"Ringdesk does not answer at {base} ({error}). "
            "Start it with `ringdesk run --demo`, or say where it is with --base."
        ) from error


def _advice(status: int) -> str:
    if status == httpx.codes.NOT_FOUND:
        return "The door is not known there (404): DIR/demo.json belongs to another database, or the connector is off."
    return f"The door refused the event ({status}); the connector's page says why."


def address_of_demo(data: Path, base: str | None) -> str:
    """The door of the demo's connector, as demo.json has it; ``base`` replaces its scheme, host and port."""
    file = data / "demo.json"
    try:
        address = str(json.loads(file.read_text())["connectors"]["http_events"]["url"])
    except FileNotFoundError:
        raise Refused(
            f"There is no {file}. Start `ringdesk run --demo` first, or name its folder with --data."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{file} cannot be used ({error!r}). Start `ringdesk run --demo` on a new folder.") from error
    if not base:
        return address
    wanted, known = urlsplit(base if "//" in base else f"http://{base}"), urlsplit(address)
    return urlunsplit((wanted.scheme, wanted.netloc, wanted.path.rstrip("/") + known.path, "", ""))


def shortened(address: str) -> str:
    """The address without most of its secret, to be shown."""
    head, _, token = address.rstrip("/").rpartition("/")
    return f"{head}/{token[:4]}…/"
