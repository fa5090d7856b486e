"""Other systems doing the same: each module runs in the peers' own virtualenv, in its best fair configuration here."""
