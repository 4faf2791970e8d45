"""The command ``ringdesk``. What a command needs is imported when it runs, so that --help is instant."""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from ringdesk.config.data_folder import default_data_folder, explain
from ringdesk.config.refusal import Refused


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    arguments = parser().parse_args(words)
    arguments.data = (arguments.data or default_data_folder()).expanduser().absolute()
    from ringdesk.config.signals import leave

    leave(_outcome(arguments))


def _outcome(arguments: argparse.Namespace) -> int:
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except Refused as refused:
        print(refused, file=sys.stderr)
    except OSError as error:
        if not error.filename and error.errno != errno.ENOSPC:
            raise
        print(explain(error, Path(error.filename or arguments.data)), file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if _is_full_disk(error):
            print(
                "The disk of the database is full. Free some space and start again.",
                file=sys.stderr,
            )
            return 1
        from django.utils.translation import override

        from ringdesk.core.problems import RingdeskError

        if not isinstance(error, RingdeskError):
            raise
        with override("en"):  # the language of the command line
            print(error, file=sys.stderr)
    return 1


def _is_full_disk(error: BaseException | None) -> bool:
    """Whether PostgreSQL said so (SQLSTATE 53100) somewhere on the way."""
    while error:
        if getattr(error, "sqlstate", None) == "53100":
            return True
        error = error.__cause__ or error.__context__
    return False


def run(arguments: argparse.Namespace) -> int:
    from ringdesk.config.running import run

    return run(arguments.data, arguments.host, arguments.port, demo=arguments.demo)


def run_part(arguments: argparse.Namespace) -> int:
    from ringdesk.config.running import run_part

    where = (arguments.host, arguments.port) if arguments.part == "web" else ()
    return run_part(arguments.part, arguments.data, *where)


def place_call(arguments: argparse.Namespace) -> int:
    from ringdesk.config.stand import TestCall, address_of_demo, place

    call = TestCall(
        arguments.phone,
        extension=arguments.to,
        line=arguments.line,
        rings=arguments.answer,
        talk=arguments.talk,
        outgoing=arguments.out,
        smart=arguments.smart,
    )
    place(call, address_of_demo(arguments.data, arguments.base), say=lambda text: print(text, flush=True))
    return 0


def create_user(arguments: argparse.Namespace) -> int:
    from ringdesk.config.first_user import create_user

    return create_user(
        arguments.data,
        arguments.email,
        arguments.name,
        arguments.organization,
        password_from_stdin=arguments.password_from_stdin,
    )


def back_up(arguments: argparse.Namespace) -> int:
    from ringdesk.config.backup import back_up

    return back_up(arguments.data, arguments.file)


def restore(arguments: argparse.Namespace) -> int:
    from ringdesk.config.backup import restore

    return restore(arguments.data, arguments.file, replace=arguments.replace)


def check(arguments: argparse.Namespace) -> int:
    from ringdesk.config.deployment import check

    return check(arguments.data)


def manage(arguments: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    from ringdesk.config.instance import database_of

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ringdesk.config.settings")
    with database_of(arguments.data, "manage"):
        execute_from_command_line(["ringdesk manage", *arguments.words])
    return 0


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    commands = argparse.ArgumentParser(
        prog="ringdesk",
        description="The self-hosted front desk.",
        epilog=f"DIR by default: {default_data_folder()}",
    )
    from ringdesk import __version__

    commands.add_argument("--version", action="version", version=f"Ringdesk {__version__}")
    add = commands.add_subparsers(metavar="COMMAND", required=True).add_parser
    _running(add)
    _testing(add)
    _keeping(add)
    return commands


Add = Callable[..., argparse.ArgumentParser]


def _running(add: Add) -> None:
    everything = add("run", help="everything in one process")
    everything.set_defaults(command=run)
    everything.add_argument("--demo", action="store_true", help="fill an empty database with a restaurant and a salon")
    _takes_address(everything)
    _takes_data(everything)
    parts = {
        "web": "pages, doors and the live channel alone (needs DATABASE_URL)",
        "worker": "background jobs alone (needs DATABASE_URL)",
        "listen": "connections to PBXes alone (needs DATABASE_URL)",
    }
    for part, help_ in parts.items():
        one = add(part, help=help_)
        one.set_defaults(command=run_part, part=part)
        if part == "web":
            _takes_address(one)
        _takes_data(one)


def _testing(add: Add) -> None:
    call = add("call", help="place a test call, as a PBX would; missed without --answer")
    call.set_defaults(command=place_call)
    call.add_argument("phone", metavar="PHONE", help="the client's number")
    call.add_argument("--to", metavar="EXT", default="100", help="the extension that rings (default: 100)")
    call.add_argument("--line", default="", help="the external number that was called")
    call.add_argument("--answer", type=_seconds, metavar="S", help="seconds of ringing before it is answered")
    call.add_argument("--talk", type=_seconds, metavar="S", default=10.0, help="seconds of talk (default: 10)")
    call.add_argument("--out", action="store_true", help="the extension calls the client")
    call.add_argument("--smart", action="store_true", help="ask first whom to ring, and ring there")
    call.add_argument("--base", metavar="URL", help="where Ringdesk is, if not where DIR/demo.json says")
    _takes_data(call)
    inspection = add("check", help="see whether this installation is ready for work")
    inspection.set_defaults(command=check)
    _takes_data(inspection)


def _keeping(add: Add) -> None:
    user = add("createuser", help="make a user, or give an existing one a new password")
    user.set_defaults(command=create_user)
    user.add_argument("--email", default="")
    user.add_argument("--name", default="")
    user.add_argument("--organization", default="", help="its name; made when there is none of this name")
    user.add_argument(
        "--password",
        dest="password_from_stdin",
        action="store_true",
        help="read it from standard input, else make one",
    )
    _takes_data(user)
    dump = add("backup", help="write everything into FILE: database, recordings, secret key")
    dump.set_defaults(command=back_up)
    dump.add_argument("file", metavar="FILE", type=Path)
    _takes_data(dump)
    load = add("restore", help="bring everything back from FILE")
    load.set_defaults(command=restore)
    load.add_argument("file", metavar="FILE", type=Path)
    load.add_argument("--replace", action="store_true", help="throw away what the database holds now")
    _takes_data(load)
    django = add("manage", help="a management command of Django", add_help=False)
    django.set_defaults(command=manage)
    _takes_data(django)
    django.add_argument("words", nargs=argparse.REMAINDER)


def _takes_address(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1", help="address to serve at (default: 127.0.0.1, this machine)")
    command.add_argument("--port", type=_port, default=8000, help="port (default: 8000; 0 takes a free one)")


def _takes_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", metavar="DIR", type=Path, help="the folder of Ringdesk's data")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError("seconds from 0 to 3600")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return value


if __name__ == "__main__":
    main()
