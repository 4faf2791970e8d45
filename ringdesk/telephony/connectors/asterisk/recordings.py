"""Where the recording of a call lies: in a folder of this computer, or behind an address a member typed in."""

from pathlib import Path, PurePosixPath
from urllib.parse import quote

from django.conf import settings as installation
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors.asterisk import config
from ringdesk.telephony.connectors.base import Link, NoRecording, NotReady, Source

# Nothing else is handed out of a folder, whatever a PBX names.
SUFFIXES = frozenset(
    {".wav", ".mp3", ".gsm", ".ogg", ".opus", ".flac", ".ulaw", ".alaw", ".g722", ".sln", ".wav49", ".m4a"}
)


def recording(link: Link, reference: str) -> Source:
    """Return where the recording that an event named lies. Raises NotReady, NoRecording. Blocks."""
    name = below_root(reference, link.settings.get("recordings_root") or config.MONITOR)
    folder, address = link.settings.get("recordings_folder"), link.settings.get("recordings_url")
    if folder:
        return Source(file=_file(folder, name))
    if address:
        return Source(url=f"{address.rstrip('/')}/{quote(str(name))}", is_trusted=True)
    raise NoRecording(_("Neither a folder nor an address of recordings is set."))


def below_root(reference: str, root: str) -> PurePosixPath:
    """Return the part of a path below the PBX's folder of recordings. Raises NoRecording for what leads elsewhere."""
    path = PurePosixPath(reference.replace("\\", "/"))
    try:
        path = path.relative_to(root)
    except ValueError:
        path = PurePosixPath(path.name) if path.is_absolute() else path
    if not path.parts or ".." in path.parts or path.suffix.lower() not in SUFFIXES or "\x00" in reference:
        raise NoRecording(_("The PBX named a file that is no recording."))
    return path


def _file(folder: str, name: PurePosixPath) -> Path:
    root = Path(folder).resolve()
    allowed = [Path(one).resolve() for one in getattr(installation, "RECORDING_FOLDERS", ())]
    if not any(root == one or one in root.parents for one in allowed):
        raise NoRecording(_("This installation does not allow that folder of recordings."))
    # Links are followed before the comparison, so none leads out.
    file = (root / name).resolve()
    if root not in file.parents:
        raise NoRecording(_("The PBX named a file that is no recording."))
    if not file.is_file():
        raise NotReady(_("The recording is not there yet."))
    return file
