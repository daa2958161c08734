"""Google's own analyzer of GoogleSQL, which resolves statements against a catalog of tables.

The package `zetasql` is Google's parser and resolver, compiled from C++ to WebAssembly. Its first
start compiles it for this machine, which takes about 25 seconds of processor time. wasmtime keeps
the result in its cache directory (`~/.cache/wasmtime`), by its own version and by the content of
the WebAssembly, so that later starts load it in 0.2 seconds.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override
from wasmtime import Config
from zetasql.core import wasm_client
from zetasql.core.exceptions import ServerError
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as language_pb2
from zetasql.wasi._pb2.zetasql.public import type_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from google.protobuf.message import Message

TYPES = {
    "INTEGER": type_pb2.TYPE_INT64,
    "INT64": type_pb2.TYPE_INT64,
    "FLOAT": type_pb2.TYPE_DOUBLE,
    "FLOAT64": type_pb2.TYPE_DOUBLE,
    "BOOLEAN": type_pb2.TYPE_BOOL,
    "BOOL": type_pb2.TYPE_BOOL,
    **{
        name: getattr(type_pb2, f"TYPE_{name}")
        for name in (
            *("STRING", "BYTES", "DATE", "DATETIME", "TIME", "TIMESTAMP", "NUMERIC", "BIGNUMERIC"),
            *("JSON", "GEOGRAPHY", "INTERVAL"),
        )
    },
}
"""The types of columns and parameters in BigQuery's REST API."""
ONLY_PARSED = frozenset({"ast_script_statement_node", "ast_execute_immediate_statement_node"})
"""Statements that no catalog can resolve: control flow, and SQL that is made when it runs."""
POSITION = re.compile(r"\[at (\d+:\d+)\]$")


class CachedModules(Config):  # type: ignore[misc]
    """A configuration of wasmtime that compiles a module once for all processes."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = True


wasm_client.Config = CachedModules


class WholeCopies(wasm_client.WasmClient):  # type: ignore[misc]
    """The connection to the WebAssembly; the package's own copies each byte by itself."""

    @override
    def write_bytes(self, ptr: int, data: bytes) -> None:
        ctypes.memmove(self._address(ptr), data, len(data))

    @override
    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(self._address(ptr), size)

    def _address(self, ptr: int) -> int:
        return ctypes.addressof(self.memory.data_ptr().contents) + ptr


Columns = tuple[tuple[str, Any], ...]
"""The names of columns or fields, each with its type (TypeProto)."""


class RefusedError(Exception):
    """Google would refuse the statement; the message is the one of its analyzer."""


def type_named(name: str) -> Any:  # noqa: ANN401
    """Return a type (TypeProto) by its name in BigQuery's REST API, such as `INTEGER` or `INT64`.

    Raises:
        RefusedError: There is no such type.
    """
    if name.upper() not in TYPES:
        reason = f"Type not found: {name}"
        raise RefusedError(reason)
    return type_pb2.TypeProto(type_kind=TYPES[name.upper()])


def array_of(element: Any) -> Any:  # noqa: ANN401
    """Return the type of an array (TypeProto)."""
    found = type_pb2.TypeProto(type_kind=type_pb2.TYPE_ARRAY)
    found.array_type.element_type.CopyFrom(element)
    return found


def struct_of(fields: Columns) -> Any:  # noqa: ANN401
    """Return the type of a struct (TypeProto)."""
    found = type_pb2.TypeProto(type_kind=type_pb2.TYPE_STRUCT)
    found.struct_type.SetInParent()
    for name, of_field in fields:
        found.struct_type.field.add(field_name=name, field_type=of_field)
    return found


@dataclass(frozen=True)
class Parameters:
    """The query parameters of a job.

    Attributes:
        types: Their types (TypeProto), in their order.
        names: Their names; empty if they are positional.
    """

    types: Sequence[Any] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Statement:
    """A statement of a script that was parsed.

    Attributes:
        script: The whole script.
        begin: Where the statement begins, in bytes of UTF-8.
        end: Where it ends, without its semicolon.
        kind: The kind of its node in the syntax tree, such as `ast_query_statement_node`.
        paths: All paths in it, such as `("sandbox.instagram.media",)` or `("media", "id")`: names
            of tables among them.
    """

    script: str
    begin: int
    end: int
    kind: str
    paths: frozenset[tuple[str, ...]]

    @property
    def text(self) -> str:
        """The statement itself."""
        return self.script.encode()[self.begin : self.end].decode()

    @property
    def is_only_parsed(self) -> bool:
        """Whether the statement can be parsed, but not be resolved."""
        return self.kind in ONLY_PARSED


class Analyzer:
    """The parser and the resolver, with the options of BigQuery. Not for two threads at once."""

    def __init__(self) -> None:
        self._client = WholeCopies(get_wasm_path())
        self._language = self._call(
            "GetLanguageOptions",
            service.LanguageOptionsRequest(maximum_features=True),
            options_pb2.LanguageOptionsProto,
        )
        self._language.product_mode = language_pb2.PRODUCT_EXTERNAL
        # BigQuery has these too: https://cloud.google.com/bigquery/docs/table-clones-create
        for feature in ("FEATURE_CREATE_TABLE_CLONE", "FEATURE_CREATE_SNAPSHOT_TABLE"):
            number = language_pb2.LanguageFeature.Value(feature)
            self._language.enabled_language_features.append(number)
        self._language.ClearField("supported_statement_kinds")  # none named: all of them
        self._options = self._call(
            "GetAnalyzerOptions",
            service.AnalyzerOptionsRequest(),
            options_pb2.AnalyzerOptionsProto,
        )
        self._options.language_options.CopyFrom(self._language)
        self._options.default_timezone = "UTC"

    def parse(self, script: str) -> list[Statement]:
        """Return the statements of a script.

        Raises:
            RefusedError: The syntax is wrong.
        """
        request = service.ParseRequest(
            sql_statement=script, options=self._language, allow_script=True
        )
        parsed = self._call("Parse", request, service.ParseResponse)
        statements = parsed.parsed_script.statement_list_node.statement_list
        return [_statement(script, node) for node in statements]

    def resolve(
        self,
        statement: Statement,
        tables: Mapping[tuple[str, ...], Columns],
        parameters: Parameters | None = None,
    ) -> Columns:
        """Resolve all names and types of a statement.

        Args:
            statement: A statement that can be resolved.
            tables: The columns of tables, by the paths that the statement writes for them.
            parameters: The query parameters of its job.

        Returns:
            The columns of a query; nothing for other statements.

        Raises:
            RefusedError: It names what is not there, or types do not fit.
        """
        request = service.AnalyzeRequest(options=self._options)
        _declare(parameters or Parameters(), request.options)
        request.simple_catalog.CopyFrom(self._catalog(tables))
        request.descriptor_pool_list.definitions.add().builtin.SetInParent()
        request.parse_resume_location.input = statement.script
        request.parse_resume_location.byte_position = statement.begin
        resolved = self._call("Analyze", request, service.AnalyzeResponse).resolved_statement
        columns = resolved.resolved_query_stmt_node.output_column_list
        return tuple((column.name, column.column.type) for column in columns)

    def _catalog(self, tables: Mapping[tuple[str, ...], Columns]) -> Any:  # noqa: ANN401
        root = simple_catalog_pb2.SimpleCatalogProto()
        root.builtin_function_options.language_options.CopyFrom(self._language)
        folders: dict[tuple[str, ...], Any] = {(): root}
        for number, (path, columns) in enumerate(tables.items(), start=1):
            for depth in range(1, len(path)):
                if path[:depth] not in folders:
                    above = folders[path[: depth - 1]]
                    folders[path[:depth]] = above.catalog.add(name=path[depth - 1])
            table = folders[path[:-1]].table.add(name=path[-1], serialization_id=number)
            for name, of_column in columns:
                table.column.add(name=name, type=of_column, is_writable_column=True)
        return root

    def _call(self, method: str, request: Message, response: type[Any]) -> Any:  # noqa: ANN401
        try:
            return self._client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, response)
        except ServerError as error:
            # The package's own `message` ends with the first line.
            _, _, message = error.raw_error.partition("Message: ")
            raise RefusedError(POSITION.sub(r"at [\1]", message)) from None


def _declare(parameters: Parameters, options: Any) -> None:  # noqa: ANN401
    if parameters.names:
        for name, of_parameter in zip(parameters.names, parameters.types, strict=True):
            options.query_parameters.add(name=name, type=of_parameter)
    elif parameters.types:
        options.parameter_mode = language_pb2.PARAMETER_POSITIONAL
        for of_parameter in parameters.types:
            options.positional_query_parameters.add().CopyFrom(of_parameter)


def _statement(script: str, node: Message) -> Statement:
    place = _place(node)
    kind = node.WhichOneof(node.DESCRIPTOR.oneofs[0].name)
    return Statement(script, place.start, place.end, kind, frozenset(_paths(node)))


def _place(node: Any) -> Any:  # noqa: ANN401
    """Return where in the script a node is: its most general part knows it."""
    while node.DESCRIPTOR.name != "ASTNodeProto":
        oneofs = node.DESCRIPTOR.oneofs
        is_choice = node.DESCRIPTOR.name.startswith("Any")
        node = getattr(node, node.WhichOneof(oneofs[0].name) if is_choice else "parent")
    return node.parse_location_range


def _paths(node: Any) -> Iterator[tuple[str, ...]]:  # noqa: ANN401
    if node.DESCRIPTOR.name == "ASTPathExpressionProto":
        yield tuple(name.id_string for name in node.names)
        return
    for field, value in node.ListFields():
        if field.message_type is not None:
            parts: Iterable[Any] = (value,) if hasattr(value, "DESCRIPTOR") else value
            for part in parts:
                yield from _paths(part)
