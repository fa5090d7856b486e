"""The pinned time zone data decide, as in every process of the product."""

from foliot.common.schedules.zones import use_pinned_tzdata

use_pinned_tzdata()
