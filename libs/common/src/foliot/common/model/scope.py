"""The scope of a caller: the owners whose jobs, executions and dead letters it may see."""

from __future__ import annotations

import msgspec


class Scope(msgspec.Struct, frozen=True):
    """All owners, one team, or one user's things without a team."""

    everything: bool
    team_id: int | None
    user_id: int

    @property
    def owner(self) -> int | None:
        """The owner as the indexes hold it: the team_id, or minus the user_id of things without a team. None: all."""
        if self.everything:
            return None
        return -self.user_id if self.team_id is None else self.team_id
