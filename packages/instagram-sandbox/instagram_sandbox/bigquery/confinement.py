"""Confines the local BigQuery: its SQL opens no file of this machine, and no web page reaches it.

bqemulator runs the SQL that it receives in DuckDB, which can read and write files. So its only
connection to DuckDB is locked before the server listens, and requests are checked before bqemulator
sees them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bqemulator.domain.errors import InvalidQueryError
from bqemulator.storage.engine import DuckDBEngine
from starlette.responses import JSONResponse
from typing_extensions import override

from instagram_sandbox import loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class ConfinedEngine(DuckDBEngine):  # type: ignore[misc]
    """bqemulator's connection to DuckDB, which opens no files but its database and the uploads.

    DuckDB's extension `spatial` is not loaded: its functions open files without asking DuckDB.
    """

    @override
    async def start(self) -> None:
        await super().start()
        self._confine()

    def _confine(self) -> None:
        uploads = str(self._settings.upload_staging_dir)
        quoted = uploads.replace("'", "''")
        for statement in (
            f"SET allowed_directories = ['{quoted}']",
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false",
            "SET allow_community_extensions = false",
            "SET python_enable_replacements = false",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self.execute(statement)

    @override
    def _load_spatial(self) -> None:
        """Load nothing: GEOGRAPHY is not needed here."""


def upload_path(uri: str, ctx: Any) -> str:  # noqa: ANN401
    """Return the path of an upload; bqemulator itself would return the path of any file.

    Args:
        uri: The source of a load job, or the destination of an export.
        ctx: bqemulator's application context.

    Raises:
        InvalidQueryError: The URI does not name an upload.
    """
    path = Path(uri.removeprefix("file://"))
    uploads = Path(ctx.settings.upload_staging_dir).resolve()
    if path.is_symlink() or path.resolve().parent != uploads or not path.is_file():
        message = "The local BigQuery reads uploads only, and exports nothing."
        raise InvalidQueryError(message)
    return str(path.resolve())


class LocalRequests:
    """An ASGI application that refuses what a web page may have sent.

    Args:
        application: The application that answers all other requests.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401
        """Answer a request (ASGI specification: HTTP connection scope)."""
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope.get("headers", ())
        }
        is_http = scope["type"] == "http"
        reason = loopback.refusal(scope["method"], headers) if is_http else "Only HTTP is served."
        if not reason:
            await self._application(scope, receive, send)
        elif is_http:
            content = {"error": {"code": 403, "message": reason, "status": "PERMISSION_DENIED"}}
            await JSONResponse(content, status_code=403)(scope, receive, send)


class NoGrpcServer:
    """Takes the place of bqemulator's gRPC server, which load jobs and queries do not need."""

    async def start(self) -> None:
        """Open no port."""

    async def stop(self, grace: float) -> None:
        """Close nothing."""


def no_grpc_server(_ctx: Any) -> tuple[NoGrpcServer, int]:  # noqa: ANN401
    """Return a gRPC server that listens nowhere, with port 0."""
    return NoGrpcServer(), 0
