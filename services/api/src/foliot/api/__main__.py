"""`python -m foliot.api`, and `python -m foliot.api create-key`."""

import sys

from foliot.api import create_key
from foliot.api.config import Config
from foliot.api.main import run
from foliot.common.process.lifecycle import serve

if __name__ == "__main__":
    if sys.argv[1:2] == ["create-key"]:
        create_key.main(sys.argv[2:])
    else:
        serve("api", Config, run)
