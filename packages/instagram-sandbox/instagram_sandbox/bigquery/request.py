"""What a request to the API of BigQuery asks for: its tables, its datasets, its statement."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

DATASETS = re.compile(r"/bigquery/v2/projects/([^/]+)/datasets(?:/([^/]+))?")
TABLES = re.compile(r"/bigquery/v2/projects/([^/]+)/datasets/([^/]+)/tables(?:/([^/]+))?")
JOBS = re.compile(r"(?:/upload)?/bigquery/v2/projects/([^/]+)/(?:jobs|queries)")
MULTIPART = b"--"
"""How a body begins that has several parts (RFC 2387)."""
COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
STRINGS = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
DML = re.compile(
    r"(?:\A|;)\s*(?:INSERT|UPDATE|DELETE|MERGE)\s+(?:INTO\s+|FROM\s+)?([^\s(;]+)", re.IGNORECASE
)
ALTER = re.compile(r"(?:\A|;)\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?([^\s(;]+)", re.IGNORECASE)
DATASET_NAMES = re.compile(r"`?([a-z][a-z0-9-]+)`?\.`?(\w+)`?\.")


@dataclass
class Request:
    """A request whose body was read.

    Attributes:
        method: The HTTP method.
        path: The path of the URL.
        body: The JSON object in the body; empty without one. Of an upload it is the job.
        is_whole: Whether the body is that JSON object and nothing else.
    """

    method: str
    path: str
    body: dict[str, Any]
    is_whole: bool = True

    @classmethod
    def read(cls, method: str, path: str, content: bytes) -> Request:
        """Read a request with this body."""
        return cls(method, path, json_object(content), not content.startswith(MULTIPART))

    @property
    def sql(self) -> str:
        """The statements of a query job, without comments and strings."""
        if self.method != "POST" or not JOBS.fullmatch(self.path) or self._is_dry_run:
            return ""
        query = self.body.get("configuration", self.body).get("query", "")
        text = query.get("query", "") if isinstance(query, dict) else query
        return STRINGS.sub("''", COMMENTS.sub(" ", text))

    @property
    def _is_dry_run(self) -> bool:
        return bool(self.body.get("configuration", self.body).get("dryRun"))

    @property
    def project(self) -> str:
        """The project in the path."""
        return self.path.partition("/projects/")[2].partition("/")[0]

    @property
    def has_job(self) -> bool:
        """Whether the answer is a job; that to the start of a resumable upload is not one."""
        is_start_of_upload = self.path.startswith("/upload") and self.is_whole
        return bool(JOBS.fullmatch(self.path)) and not is_start_of_upload

    def dml_table(self) -> str:
        """Return the table that DML changes; '' if there is no DML."""
        found = DML.search(self.sql)
        return found[1].replace("`", "") if found else ""

    def updated_table(self) -> str:
        """Return the table whose metadata the request updates; '' if it updates none."""
        table = TABLES.fullmatch(self.path)
        if table and table[3] and self.method in {"PATCH", "PUT"}:
            return ".".join(table.groups())
        load = self.body.get("configuration", {}).get("load", {}).get("destinationTable")
        if load and self.method == "POST":
            return f"{load['projectId']}.{load['datasetId']}.{load['tableId']}"
        found = ALTER.search(self.sql)
        return found[1].replace("`", "") if found else ""

    def datasets(self) -> set[tuple[str, str]]:
        """Return the projects and names of the datasets that a job names."""
        load = self.body.get("configuration", {}).get("load", {}).get("destinationTable")
        found = {(load["projectId"], load["datasetId"])} if load else set()
        return found | set(DATASET_NAMES.findall(self.sql))


def json_object(content: bytes) -> dict[str, Any]:
    """Return the JSON object of a body or of the first part of an upload; else an empty one."""
    if content.startswith(MULTIPART):
        content = content.partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
    if not content.lstrip().startswith(b"{"):
        return {}
    try:
        value: dict[str, Any] = json.loads(content)
    except ValueError:
        return {}
    return value
