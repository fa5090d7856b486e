"""Messages for the errors of the network: never with a URL's query, which aiohttp puts into some of its own."""

import os

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientPayloadError,
    ClientResponseError,
    ServerDisconnectedError,
    ServerTimeoutError,
)


def described(error: Exception) -> str:
    """Return one line, of at most 500 characters, for any error of `Sessions.send` and of reading an answer."""
    match error:
        case ClientConnectorCertificateError():
            text = f"certificate of {error.host}:{error.port} not accepted: {error.certificate_error}"
        case ClientConnectorDNSError():
            text = f"{error.host} does not resolve: {error.os_error.strerror or error.os_error}"
        case ClientConnectorError():
            text = f"no connection to {error.host}:{error.port}: {_reason(error.os_error)}"
        case ServerTimeoutError():
            text = "no connection in time"
        case TimeoutError():
            text = "no answer in time"
        case ServerDisconnectedError():
            text = "the server hung up without an answer"
        case ClientPayloadError():
            text = f"the answer broke off: {error}"
        case ClientResponseError():
            text = f"the answer is not HTTP: {error.message}"
        case _:
            text = f"{type(error).__name__}: {_reason(error)}"
    return " ".join(text.split())[:500]


def _reason(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number and number > 0 else str(error)
