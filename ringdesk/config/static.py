"""Static files, ahead of Django: our own assets, those of Django's admin and of the API's documentation."""

import os

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"


class Static(StaticFiles):
    """Tells browsers to keep our own assets for ever: their address changes with their content (tag `asset`)."""

    def __init__(self) -> None:
        packages = ("ringdesk.web", "django.contrib.admin", "ninja")
        super().__init__(packages=[(package, "static") for package in packages])

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = FOR_EVER if "/static/ringdesk/" in scope["path"] else AN_HOUR
        return response
