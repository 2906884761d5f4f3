"""JSON Schema per event, AsyncAPI for the log, OpenAPI for the API: from the models."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from typing_extensions import override

from responder.engagement.events import DEAD_LETTER_TOPIC, EVENTS, TOPICS, Data
from responder.platforms import outgoing_webhook, webhook_messages
from responder.platforms.outgoing_webhook import ReplyWebhook
from responder.platforms.webhook_messages import ClockWebhook
from responder.web.api.openapi import document

FOLDER = Path("schemas")
REPLY_WEBHOOK = f"webhook.{outgoing_webhook.TYPE}"
CLOCK_WEBHOOK = f"webhook.{webhook_messages.TYPE}"
HEADER = "# Generated from the models by `make schemas`; do not edit.\n"


def files() -> Mapping[Path, str]:
    made = {FOLDER / f"{event.type}.json": _json(schema(event)) for event in EVENTS}
    made[FOLDER / f"{REPLY_WEBHOOK}.json"] = _json(_schema(REPLY_WEBHOOK, ReplyWebhook))
    made[FOLDER / f"{CLOCK_WEBHOOK}.json"] = _json(_schema(CLOCK_WEBHOOK, ClockWebhook))
    made[FOLDER / "asyncapi.yaml"] = _yaml(asyncapi())
    made[FOLDER / "openapi.yaml"] = _yaml(document())
    return made


def schema(event: type[Data]) -> dict[str, Any]:
    """The data of one event, as JSON Schema 2020-12."""
    return _schema(event.type, event)


def _schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:responder:schema:{name}",
        **model.model_json_schema(mode="validation"),
    }


def asyncapi() -> dict[str, Any]:
    """Every topic, what is on it, and which CloudEvents attributes its records carry."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Responder",
            "version": version("responder"),
            "description": (
                "CloudEvents 1.0 in the Kafka binary binding: attributes as `ce_*` headers, JSON"
                " data as the value, `source/thread_id` as the key."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(topic): _channel(topic) for topic in TOPICS}
        | {
            "outgoing_webhook": _webhook(
                "the `outgoing_url` of a source", "reply_approved", REPLY_WEBHOOK, ReplyWebhook
            ),
            "clock_webhook": _webhook(
                "the `url` of a webhook", "clock_step", CLOCK_WEBHOOK, ClockWebhook
            ),
        },
        "operations": {
            f"produce_{_name(topic)}": {
                "action": "receive" if topic == "engagement.received" else "send",
                "channel": {"$ref": f"#/channels/{_name(topic)}"},
            }
            for topic in TOPICS
        }
        | {
            "post_reply": {
                "action": "send",
                "channel": {"$ref": "#/channels/outgoing_webhook"},
            },
            "tell_of_step": {
                "action": "send",
                "channel": {"$ref": "#/channels/clock_webhook"},
            },
        },
    }


def _channel(topic: str) -> dict[str, Any]:
    events = [event for event in EVENTS if event.topic == topic]
    messages = {_name(event.type): _message(event) for event in events}
    if topic == DEAD_LETTER_TOPIC:
        messages["record"] = {
            "summary": "A record that could not be processed, whole; `responder-dl-*` headers say"
            " where, why and how often.",
            "payload": {},
        }
    return {"address": topic, "messages": messages}


def _webhook(receiver: str, message: str, name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Not on the log: over HTTP, to a receiver that `responder.toml` names."""
    signed = {
        "webhook-id": {"type": "string", "description": "the same on every attempt"},
        "webhook-timestamp": {"type": "string", "description": "seconds since 1970"},
        "webhook-signature": {"type": "string", "description": "`v1,…`, one for each live secret"},
    }
    return {
        "address": None,
        "description": f"POST to {receiver}, signed by Standard Webhooks 1.0.0.",
        "messages": {
            message: {
                "name": name.removeprefix("webhook."),
                "summary": (model.__doc__ or "").partition("\n")[0],
                "headers": {"type": "object", "properties": signed, "required": [*signed]},
                "payload": {"$ref": f"./{name}.json"},
            }
        },
    }


def _message(event: type[Data]) -> dict[str, Any]:
    attributes = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string"},
        "ce_source": {"type": "string", "description": "the source's name in responder.toml"},
        "ce_type": {"const": event.type},
        "ce_subject": {"type": "string", "description": "the thread's id"},
        "ce_time": {"type": "string", "format": "date-time"},
    }
    return {
        "name": event.type,
        "summary": (event.__doc__ or "").partition("\n")[0],
        "headers": {
            "type": "object",
            "properties": attributes,
            "required": ["ce_source", "ce_type"],
        },
        "payload": {"$ref": f"./{event.type}.json"},
    }


def _name(topic: str) -> str:
    return topic.replace(".", "_")


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _yaml(content: Mapping[str, Any]) -> str:
    plain = json.loads(
        json.dumps(content)
    )  # without shared parts, which YAML would make anchors of
    return HEADER + yaml.dump(
        plain, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=100
    )


class _Indented(yaml.SafeDumper):
    """Lists stand further in than their key, as yamllint wants them."""

    @override
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)
