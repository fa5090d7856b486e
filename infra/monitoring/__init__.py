"""What is made of the code's metrics: the list of them, alert rules with their thresholds, dashboards."""
