"""The dashboards of infra/dashboards."""

from __future__ import annotations

from typing import Any

import orjson

from monitoring.details import details
from monitoring.internals import internals
from monitoring.overview import overview


def dashboards() -> list[dict[str, Any]]:
    return [overview(), details(), internals()]


def dashboard_files() -> dict[str, str]:
    return {
        f"infra/dashboards/{one['uid']}.json": orjson.dumps(one, option=orjson.OPT_INDENT_2).decode() + "\n"
        for one in dashboards()
    }
