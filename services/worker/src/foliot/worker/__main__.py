"""`python -m foliot.worker`."""

from foliot.common.process.lifecycle import serve
from foliot.worker.config import Config
from foliot.worker.main import run

if __name__ == "__main__":
    serve("worker", Config, run)
