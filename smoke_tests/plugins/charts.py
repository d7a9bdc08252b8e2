"""A chart of a Deployment and a ConfigMap, written for the tests."""

from pathlib import Path

CHART = "apiVersion: v2\nname: mini\nversion: 0.1.0\nappVersion: '7'\n"
VALUES = "replicas: 1\nimage: IMAGE\npassword: none\n"
TEMPLATE = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: {{ .Values.image }}, command: [sleep, "1000"]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-words, namespace: {{ .Release.Namespace }}}
data: {replicas: "{{ .Values.replicas }}"}
"""


def write_chart(directory: Path, image: str) -> Path:
    """Write the chart to a directory, and return that."""
    (directory / "templates").mkdir(parents=True)
    (directory / "Chart.yaml").write_text(CHART)
    (directory / "values.yaml").write_text(VALUES.replace("IMAGE", image))
    (directory / "templates" / "all.yaml").write_text(TEMPLATE)
    return directory
