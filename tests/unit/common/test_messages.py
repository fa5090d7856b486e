"""Messages that name nothing are unreadable: nothing would ever ack them."""

from __future__ import annotations

import msgspec
import pytest

from foliot.common.broker.messages import decode_dispatch


def test_a_dispatch_without_executions_is_unreadable() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_dispatch(b'{"type":"dispatch","executions":[]}')
