"""The definition of the tap for Meltano Hub: docs/hub/tap-instagram-business.yml.

The settings come from `tap-instagram-business --about --format=json`, by the rules of the Hub's own
weekly refresh, so that the refresh changes nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
NAME = "tap-instagram-business"
SECRET_NAMES = ("password", "id", "token", "key", "secret")
"""The refresh makes a password of every text whose name holds one of these, whatever it is."""
DATE_NAMES = ("start_date", "end_date")

Schema = dict[str, Any]


def about() -> Schema:
    """Return what `tap-instagram-business --about --format=json` prints."""
    command = [sys.executable, "-m", "tap_instagram_business", "--about", "--format=json"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found: Schema = json.loads(printed.stdout)
    return found


def definition(owner: str) -> Schema:
    """Return the definition of the tap.

    Args:
        owner: the GitHub account that holds the repository; the Hub takes it, in small letters, as
            the name of the variant.
    """
    told = about()
    repository = f"https://github.com/{owner}/{NAME}"
    return {
        "capabilities": sorted(told["capabilities"]),
        "description": "Profiles, posts, reels and stories of Instagram professional accounts, "
        "with their organic insights and the history of these.",
        "docs": repository,
        "domain_url": "https://developers.facebook.com/docs/instagram-platform",
        "executable": NAME,
        # The weekly refresh looks for plugins with the keyword `meltano_sdk`.
        "keywords": ["api", "instagram", "insights", "meltano_sdk", "social_media"],
        "label": "Instagram Business",
        "log_parser": "singer-sdk",
        "logo_url": "/assets/logos/extractors/instagram.png",
        "maintenance_status": "active",
        "name": NAME,
        "namespace": NAME.replace("-", "_"),
        "pip_url": NAME,
        "prereq": "You need an Instagram professional account (business or creator), and a token "
        f"that is allowed to read it. The [README]({repository}#readme) says how to get one.",
        "quality": "unknown",
        "repo": repository,
        "settings": sorted(settings(told["settings"]), key=lambda setting: setting["name"]),
        "settings_group_validation": [["access_token"], ["vault_path"]],
        "supported_python_versions": told["supported_python_versions"],
        "usage": "`meltano invoke tap-instagram-business doctor` tells whether a sync would work, "
        "and if not, why.",
        "variant": owner.lower(),
    }


def settings(schema: Schema, prefix: str = "") -> Iterator[Schema]:
    """Yield the settings as the refresh writes them; those of a nested object one by one."""
    for name, property_schema in schema["properties"].items():
        if property_schema.get("properties") and name != "stream_maps":
            yield from settings(property_schema, f"{prefix}{name}.")
        else:
            yield setting(f"{prefix}{name}", property_schema)


def setting(name: str, schema: Schema) -> Schema:
    """Return one setting as the refresh writes it."""
    kind = kind_of(name, schema)
    found = {
        "description": schema["description"],
        "kind": kind,
        "label": schema["title"],
        "name": name,
    }
    if kind == "options":
        values = [value for value in schema["enum"] if value is not None]
        found["options"] = [{"label": value.title(), "value": value} for value in values]
    if kind == "password":
        found["sensitive"] = True
    if schema.get("default") is not None:
        found["value"] = schema["default"]
    return found


def kind_of(name: str, schema: Schema) -> str:
    """Return the kind that the refresh gives to a setting."""
    types = schema.get("type") or ("array" if name == "faker_config.locale" else "string")
    kind: str = types if isinstance(types, str) else next(it for it in types if it != "null")
    if kind != "string":
        return "integer" if kind == "number" else kind
    if name in DATE_NAMES:
        return "date_iso8601"
    if any(part in name for part in SECRET_NAMES):
        return "password"
    return "options" if schema.get("enum") else "string"


def owner_of(text: str) -> str:
    """Return the GitHub account that a definition names as the owner of the repository."""
    found = re.search(r"^repo: https://github\.com/([^/]+)/", text, re.MULTILINE)
    return found[1] if found else "OWNER"


def written(content: Schema) -> str:
    """Return a definition in the Hub's format: keys sorted, nothing in braces, long lines kept."""
    text: str = yaml.safe_dump(content, allow_unicode=True, width=10_000)
    return text
