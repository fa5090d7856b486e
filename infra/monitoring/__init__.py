"""Files made of the code: pages of metrics, log events and settings, alert rules with thresholds, dashboards."""
