"""Prices of monitoring, in US dollars a month in us-east-1.

Source: https://aws.amazon.com/cloudwatch/pricing/ (with its free tier) and https://aws.amazon.com/kms/pricing/
"""

ALARM_METRIC = 0.10
COMPOSITE_ALARM = 0.50
CUSTOM_METRIC = 0.30
KEY = 1.00
DASHBOARD = 3.00

# The free tier of every account. The alarms have standard resolution and name their metrics.
FREE_ALARM_METRICS = 10
FREE_DASHBOARDS = 3
FREE_METRICS_PER_DASHBOARD = 50
