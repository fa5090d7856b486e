"""`python -m foliot.scheduler`."""

from foliot.common.process.lifecycle import serve
from foliot.scheduler.config import Config
from foliot.scheduler.main import run

if __name__ == "__main__":
    serve("scheduler", Config, run)
