"""Settings of the services (FOLIOT_*) that `make up` takes from its environment, remembers and passes on."""

import difflib
from collections.abc import Collection, Mapping

import msgspec

import foliot.api.config
import foliot.scheduler.config
import foliot.worker.config
from cluster.definition import Definition, service_of
from cluster.errors import ClusterError
from foliot.common.errors import ConfigError
from foliot.common.migrate import SERVICES as MIGRATED
from foliot.common.process.config import load
from foliot.common.process.setting import PREFIX, Secret, Setting, settings

CONFIGS: dict[str, type[msgspec.Struct]] = {
    "api": foliot.api.config.Config,
    "scheduler": foliot.scheduler.config.Config,
    "worker": foliot.worker.config.Config,
}
IGNORED = {
    "FOLIOT_LOCAL_DIR", "FOLIOT_URL", "FOLIOT_API_KEY", "FOLIOT_API_KEY_FILE", "FOLIOT_CONTEXT", "FOLIOT_CONFIG",
}  # fmt: skip
"""The folder of the cluster, and what the command line reads."""
ADDRESSES_AND_IDS = {
    *("api_host", "api_port", "admin_host", "admin_port", "zookeeper_hosts", "zookeeper_root"),
    *("scheduler_id", "worker_id"),
}
OF_MIGRATIONS = {"FOLIOT_MIGRATIONS_DIR", *(f"FOLIOT_{service.upper()}_PASSWORD" for service in MIGRATED)}


def changed_by(remembered: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """What is remembered from now on: what is not named stays as it was, an empty value forgets."""
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX) and name not in IGNORED}
    _refuse([name for name, text in given.items() if text and _is_own(name)])
    after = {name: text for name, text in sorted({**remembered, **given}.items()) if text}
    named = {*after, *(name for name in given if name not in remembered and not _is_own(name))}
    _refuse_unknown(named, remembered)
    return after


def of_service(service: str, remembered: Mapping[str, str]) -> dict[str, str]:
    """Those that the service reads."""
    read = {setting.variable for setting in settings(CONFIGS[service])}
    return {name: text for name, text in remembered.items() if name in read}


def number(variable: str, remembered: Mapping[str, str]) -> float:
    """Its value, or its default. A text that is no number counts as the default: `check` refuses it."""
    setting = known_settings()[variable]
    try:
        return float(remembered.get(variable, setting.default))
    except ValueError:
        return float(setting.default)


def texts(variable: str, remembered: Mapping[str, str]) -> list[str]:
    """The values of one that is a list, or its default."""
    setting = known_settings()[variable]
    return list(setting.parse(remembered[variable]) if variable in remembered else setting.default)


def check(definition: Definition) -> None:
    """Refuses, before a service is started, the values that it would refuse."""
    try:
        load(CONFIGS[service_of(definition.name)], definition.environment)
    except ConfigError as error:
        raise ClusterError(str(error)) from None


def known_settings() -> dict[str, Setting]:
    """All settings of the services, by their variables."""
    return {setting.variable: setting for config in CONFIGS.values() for setting in settings(config)}


def _is_own(name: str) -> bool:
    """The local cluster alone knows it: an address, a credential, an id or a file."""
    if name in OF_MIGRATIONS or name.endswith("_FILE"):
        return True
    setting = known_settings().get(name)
    return setting is not None and (setting.base is Secret or setting.field in ADDRESSES_AND_IDS)


def _refuse(own: Collection[str]) -> None:
    if own:
        names = sorted(own)
        hint = " (API_PORT=... make up moves the API)" if "FOLIOT_API_PORT" in own else ""
        raise ClusterError(
            f"{', '.join(names)}: the local cluster makes its own addresses, credentials, ids and files, and takes "
            f"none{hint}: unset {' '.join(names)}"
        )


def _refuse_unknown(names: Collection[str], remembered: Mapping[str, str]) -> None:
    known = {name for name in known_settings() if not _is_own(name)}
    refused = []
    for name in sorted(set(names) - known):
        near = "".join(f"write {other}, or " for other in difflib.get_close_matches(name, known, n=1))
        remedy = f"forget it with {name}= make up" if name in remembered else f"unset {name}"
        refused.append(f"{name} is no setting of a service: {near}{remedy}")
    if refused:
        raise ClusterError(f"{'; '.join(refused)} (all settings: docs/configuration.md)")
