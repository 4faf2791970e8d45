"""What is set for an Asterisk."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors import fields
from ringdesk.telephony.connectors.asterisk import plan

PORT, TLS_PORT = 5038, 5039
MD5, PLAIN = "md5", "plain"
DIGITS, PLUS, NATIONAL = "digits", "plus", "national"
DEVICE = "PJSIP/{extension}"
MONITOR = "/var/spool/asterisk/monitor"
_LONGEST_PATTERN = 100
_DEVICE = re.compile(r"^[A-Za-z0-9]+/[^\s,&{}]*\{extension\}[^\s,&{}]*$")
_HOST = re.compile(r"^[A-Za-z0-9._:-]+$")


def is_pattern(text: str) -> None:
    """Raise ValidationError for what is no regular expression."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValidationError(_("This is not a regular expression.")) from error


def is_device(text: str) -> None:
    """Raise ValidationError for what names no device, or several."""
    if not _DEVICE.match(text):
        raise ValidationError(_("Write it like PJSIP/{extension}."))


def is_host(text: str) -> None:
    """Raise ValidationError for what is neither a name nor an address."""
    if not _HOST.match(text):
        raise ValidationError(_("Write a host name or an IP address, without http:// and without the port."))


def is_web_address(text: str) -> None:
    """Raise ValidationError for what no recording can be fetched from."""
    if not re.match(r"^https?://[^\s?#]+$", text):
        raise ValidationError(_("Write an address that begins with http:// or https://."))


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    return _connection() | _arrangement() | _placing() | _recordings()


def secret_fields() -> dict[str, forms.Field]:
    """Return the fields of its secrets."""
    return {"secret": _text(_("AMI secret"), help_text=_("“secret” of the user in manager.conf."), max_length=200)}


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, **{"required": False, "max_length": 300, **options})


def _connection() -> dict[str, forms.Field]:
    return {
        "host": _text(
            _("Asterisk's address"),
            validators=[is_host],
            help_text=_(
                "Host name or IP address. Empty: Ringdesk does not connect; only the address for routing works."
            ),
        ),
        "port": forms.IntegerField(label=_("Port"), required=False, min_value=1, max_value=65535, initial=PORT),
        "tls": forms.BooleanField(label=_("Encrypted (TLS)"), required=False),
        "tls_checked": forms.BooleanField(
            label=_("Check the certificate"), required=False, initial=True, help_text=_("Off for a self-signed one.")
        ),
        "username": _text(_("AMI user"), max_length=100),
        "login": forms.ChoiceField(
            label=_("Sign-in"),
            required=False,
            choices=((MD5, _("By challenge (the secret is not sent)")), (PLAIN, _("Plain"))),
        ),
    }


def _arrangement() -> dict[str, forms.Field]:
    patterns = _("Separated by commas; * stands for anything.")
    return {
        "incoming_contexts": _text(_("Incoming contexts"), initial=plan.INCOMING, help_text=patterns),
        "internal_contexts": _text(_("Internal contexts"), initial=plan.INTERNAL, help_text=patterns),
        "extension_pattern": _text(
            _("What an extension looks like"),
            initial=plan.EXTENSION,
            validators=[is_pattern],
            max_length=_LONGEST_PATTERN,
            help_text=_("A regular expression."),
        ),
        "trunk_pattern": _text(
            _("What a trunk is called"),
            validators=[is_pattern],
            max_length=_LONGEST_PATTERN,
            help_text=_("A regular expression for devices like PJSIP/provider. Empty: whatever is no extension."),
        ),
        "smart_transfer": fields.smart_transfer(),
    }


def _placing() -> dict[str, forms.Field]:
    return {
        "device": _text(_("Member's device"), initial=DEVICE, validators=[is_device], max_length=100),
        "dial_context": _text(
            _("Context for placing calls"),
            initial="from-internal",
            max_length=80,
            help_text=_("Where an extension that dials a number begins."),
        ),
        "dial_priority": forms.IntegerField(label=_("Priority"), required=False, min_value=1, max_value=999, initial=1),
        "number_format": forms.ChoiceField(
            label=_("How numbers are dialled"),
            required=False,
            choices=((DIGITS, "79230000001"), (PLUS, "+79230000001"), (NATIONAL, "89230000001")),
        ),
        "dial_prefix": forms.RegexField(
            r"^\d{0,6}$",
            label=_("Digits that lead outside"),
            required=False,
            help_text=_("Dialled before the number."),
        ),
    }


def _recordings() -> dict[str, forms.Field]:
    return {
        **fields.recordings(),
        "recordings_root": _text(
            _("Folder of recordings on the PBX"),
            initial=MONITOR,
            help_text=_("What stands before a recording's name in Asterisk's own events."),
        ),
        "recordings_folder": _text(
            _("The same folder on this computer"),
            help_text=_(
                "Where that folder is mounted here. The installation must allow it: RINGDESK_RECORDING_FOLDERS."
            ),
        ),
        "recordings_url": _text(
            _("Or its address on the web"),
            validators=[is_web_address],
            help_text=_("The recording's name is added to it."),
        ),
    }
