"""CronJobs of Kubernetes as a manifest. A job here has no image: what runs on the worker must be there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from foliot.cli.importers.found import Found, Job, Refused, Unmapped
from foliot.cli.manifest.located import documents

DEFAULTS: Final = {"dst_gap": "skip", "dst_overlap": "both", "misfire_policy": "run_once"}
REMARKS: Final = [
    "The defaults are what the controller does: it matches the local clock as it is, so a time that does not exist is "
    "left out and one that comes twice runs twice.",
    "Images, volumes, resources and service accounts are not imported: each job runs on a worker of its pool. Retries "
    "wait as they do here: 3, 9, 27 s.",
]
_POLICIES: Final = {"Allow": "allow", "Forbid": "skip", "Replace": "cancel_running"}
_NICKNAMES: Final = {"@annually": "@yearly", "@midnight": "@daily"}
_SHELL: Final = re.compile(r"(/\S*/)?(ba|da|z|k)?sh")


def kubernetes(text: str, file: str) -> Found:
    found = Found(f"{file} (CronJobs of Kubernetes)", DEFAULTS, REMARKS)
    for one in _every(documents(text, file)):
        name = str((one.get("metadata") or {}).get("name", "?"))
        place = f"line {getattr(one, 'line', 1)}"
        kind = one.get("kind")
        try:
            if kind != "CronJob":
                raise Unmapped(f"it is a {kind}, not a CronJob")
            notes: list[str] = []
            fields = _job(name, one["spec"], notes)
            found.jobs.append(Job(place, found.key(name), fields, notes))
        except Unmapped as reason:
            found.refused.append(Refused(place, f"{kind} {name}", str(reason)))
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            found.refused.append(Refused(place, f"{kind} {name}", f"it is not complete: {error}"))
    return found


def _every(found: list[Any]) -> Iterator[dict[str, Any]]:
    for one in found:
        if isinstance(one, dict):
            yield from one.get("items") or [] if str(one.get("kind", "")).endswith("List") else [one]


def _job(name: str, spec: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    if spec.get("suspend"):
        raise Unmapped("it is suspended: a manifest cannot pause, and applied it would run")
    run = spec["jobTemplate"]["spec"]
    pod = run["template"]["spec"]
    if len(pod["containers"]) != 1 or pod.get("initContainers"):
        raise Unmapped("it has several containers; a job here is one program")
    container = pod["containers"][0]
    fields: dict[str, Any] = {
        "job_name": name,
        "job_type": "script",
        "schedule": _schedule(str(spec["schedule"]), notes),
    }
    if zone := spec.get("timeZone"):
        fields["timezone"] = zone
    else:
        notes.append("without timeZone it follows the controller's clock, mostly UTC: here UTC")
    fields["overlap_policy"] = _POLICIES[spec.get("concurrencyPolicy", "Allow")]
    if (deadline := spec.get("startingDeadlineSeconds")) is not None:
        fields |= {"misfire_policy": "skip", "misfire_grace_seconds": deadline}
    fields["retry_policy"] = {"max_retries": run.get("backoffLimit", 6)}
    fields["timeout_seconds"] = run.get("activeDeadlineSeconds", 604800)
    if run.get("parallelism", 1) != 1 or run.get("completions", 1) != 1:
        raise Unmapped("it runs several pods at once")
    notes += [f"{lost} is not imported" for lost in ("volumeMounts", "envFrom") if container.get(lost)]
    notes.append(f"the image {container.get('image')} is not used: its program must be on the worker")
    fields["payload"] = _payload(container)
    return fields


def _payload(container: dict[str, Any]) -> dict[str, Any]:
    command = [str(one) for one in container.get("command") or []]
    arguments = [str(one) for one in container.get("args") or []]
    if not command:
        raise Unmapped("it names no command: it runs what its image says")
    if any("$(" in one for one in command[1:] + arguments) and not _SHELL.fullmatch(command[0]):
        raise Unmapped("its arguments name variables as $(NAME), which Kubernetes replaces")
    words = command + arguments
    payload: dict[str, Any] = {"script": f"exec {shlex.join(words)}\n"}
    if len(words) > 2 and _SHELL.fullmatch(words[0]) and re.fullmatch(r"-\w*c", words[1]):
        flags = words[1][1:].replace("c", "")
        payload = {"script": (f"set -{flags}\n" if flags else "") + words[2] + "\n", "args": words[4:]}
        payload |= {"interpreter": words[0]} if words[0].startswith("/") and words[0] != "/bin/sh" else {}
        if not payload["args"]:
            del payload["args"]
    environment = container.get("env") or []
    if taken := [one["name"] for one in environment if "valueFrom" in one]:
        raise Unmapped(f"{', '.join(taken)} come from elsewhere in the cluster (valueFrom)")
    if environment:
        payload["env"] = {one["name"]: str(one.get("value", "")) for one in environment}
    return payload


def _schedule(text: str, notes: list[str]) -> str:
    if "TZ=" in text:
        raise Unmapped("the zone stands in the schedule: write timeZone")
    if text.startswith("@every"):
        notes.append("@every keeps the phase of its creation here")
    fields = text.replace("?", "*").split()
    if len(fields) == 5:
        day, weekday = fields[2], fields[4]
        if (day.startswith("*/") and not weekday.startswith("*")) or (
            weekday.startswith("*/") and not day.startswith("*")
        ):
            raise Unmapped("*/n beside the other day field: Kubernetes runs it when either fits, here both must")
    return _NICKNAMES.get(text, " ".join(fields))
