"""Markdown of our own texts (set-up instructions, help): ``{% load markdown %}``, ``{{ text|markdown }}``."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Return the text as HTML. HTML inside it is shown, not obeyed; code blocks get a copy button."""
    return SafeString(_parser().render(text))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    parser.add_render_rule("table_open", _table)
    return parser


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    code = tokens[index].content.rstrip("\n")
    return format_html(
        '<div class="address whole"><code>{}</code>'
        '<button type="button" class="btn small" data-copy="{}">{}</button></div>\n',
        code,
        code,
        _("Copy"),
    )


def _heading(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """The page has its own first heading, so the text's begin at the second."""
    token = tokens[index]
    level = min(6, int(token.tag[1:]) + 1)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _table(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    return '<table class="list">\n'
