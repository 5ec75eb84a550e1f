"""Parses OpenMetrics text with the strict parser of Prometheus's own client and prints its samples as JSON."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = text_string_to_metric_families(sys.stdin.read())
samples = [
    {"name": sample.name, "labels": sample.labels, "value": sample.value} for family in families for sample in family.samples
]
json.dump(samples, sys.stdout)
