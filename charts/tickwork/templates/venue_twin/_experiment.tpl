{{/*
The provider Experiment of the twin. Its name holds a hash of its spec: specs are immutable, so a
changed one is another Experiment, and an upgrade makes the new one and deletes the old.
*/}}
{{- define "tickwork.twinName" -}}
{{- printf "%s-%s" .Values.venueTwin.name (toJson .Values.venueTwin.spec | sha256sum | trunc 8) -}}
{{- end -}}

{{/* Takes (dict "root" . "annotations" DICT "suspend" BOOL). */}}
{{- define "tickwork.twin" -}}
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata:
  name: {{ include "tickwork.twinName" .root }}
  namespace: {{ include "tickwork.homeNamespace" .root }}
  labels:
    {{- include "tickwork.labels" (dict "root" .root "component" "venue-twin") | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- $spec := deepCopy .root.Values.venueTwin.spec }}
  {{- if .suspend }}
  {{- $spec = set $spec "suspend" true }}
  {{- end }}
  {{- toYaml $spec | nindent 2 }}
{{- end -}}
