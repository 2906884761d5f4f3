"""What `kubectl kustomize` makes of our base, for machines without kubectl.

Only what the base uses: resources, a namespace, generated ConfigMaps whose names end in a hash of
their content, and an image's tag. Anything else is refused, so that nothing goes unrendered. Where
kubectl is installed a test compares the two.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

KNOWN = {"apiVersion", "kind", "namespace", "resources", "configMapGenerator", "images"}
CLUSTER_WIDE = {"Namespace"}
_LETTERS = str.maketrans("013ae", "ghkmt")
"""The hash stands in names, where some letters could make a word (kustomize, `api/hasher`)."""


def render(base: Path) -> list[Any]:
    (kustomization,) = _parsed(base / "kustomization.yaml")
    if unknown := kustomization.keys() - KNOWN:
        raise NotImplementedError(f"this does not render {', '.join(sorted(unknown))}")
    generated = [_config_map(base, each) for each in kustomization["configMapGenerator"]]
    names = {written: manifest["metadata"]["name"] for written, manifest in generated}
    tags = {each["name"]: each["newTag"] for each in kustomization["images"]}
    plain = [each for name in kustomization["resources"] for each in _parsed(base / name)]
    rendered = [
        *(_replaced(each, names, tags) for each in plain),
        *(manifest for _, manifest in generated),
    ]
    for manifest in rendered:
        if manifest["kind"] not in CLUSTER_WIDE:
            manifest["metadata"]["namespace"] = kustomization["namespace"]
    return rendered


def _config_map(base: Path, generator: Mapping[str, Any]) -> tuple[str, Any]:
    """Its name as it is written elsewhere, and the manifest."""
    if unknown := generator.keys() - {"name", "envs", "files"}:
        raise NotImplementedError(f"this does not generate {', '.join(sorted(unknown))}")
    data = {name: (base / name).read_text(encoding="utf-8") for name in generator.get("files", ())}
    for file in generator.get("envs", ()):
        data |= _variables(base / file)
    written: str = generator["name"]
    content = {"data": data, "kind": "ConfigMap", "name": ""}  # it has none yet
    encoded = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for letter in "<>&":  # as Go's encoder writes them
        encoded = encoded.replace(letter, f"\\u{ord(letter):04x}")
    suffix = hashlib.sha256(encoded.encode()).hexdigest()[:10].translate(_LETTERS)
    return written, {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{written}-{suffix}"},
        "data": data,
    }


def _variables(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _replaced(manifest: Any, names: Mapping[str, str], tags: Mapping[str, str]) -> Any:
    manifest = deepcopy(manifest)
    for holder in _mappings(manifest):
        for key in ("configMapRef", "configMap"):
            if key in holder:
                holder[key]["name"] = names.get(holder[key]["name"], holder[key]["name"])
        if holder.get("image") in tags:
            holder["image"] = f"{holder['image']}:{tags[holder['image']]}"
    return manifest


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _mappings(each)


def _parsed(file: Path) -> Iterator[Any]:
    yield from yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
