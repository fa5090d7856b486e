"""Other schedulers' jobs as a manifest. Nothing is lost silently: what does not map is named, with the reason."""
