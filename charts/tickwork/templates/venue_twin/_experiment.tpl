{{/*
The provider Experiment of the twin. Its name holds a hash of its spec: specs are immutable, so a
changed one is another Experiment, and an upgrade makes the new one and deletes the old.
*/}}
{{- define "tickwork.twinName" -}}
{{- printf "%s-%s" .Values.venueTwin.name (toJson .Values.venueTwin.spec | sha256sum | trunc 8) -}}
{{- end -}}

{{/* Takes (dict "root" . "annotations" DICT), and "name" and "spec" where they are not the twin's own. */}}
{{- define "tickwork.twin" -}}
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata:
  name: {{ default (include "tickwork.twinName" .root) .name | quote }}
  namespace: {{ include "tickwork.homeNamespace" .root | quote }}
  labels:
    {{- include "tickwork.labels" (dict "root" .root "component" "venue-twin") | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- toYaml (default .root.Values.venueTwin.spec .spec) | nindent 2 }}
{{- end -}}

{{/*
Takes (dict "root" . "when" HOOK "name" NAME "spec" SPEC). What a hook made, Helm does not delete:
this takes its place, suspended, and goes.
*/}}
{{- define "tickwork.twinRemoval" -}}
{{- $marks := dict
  "helm.sh/hook" .when
  "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded"
-}}
{{- $spec := set (deepCopy .spec) "suspend" true -}}
{{- include "tickwork.twin" (dict "root" .root "annotations" $marks "name" .name "spec" $spec) -}}
{{- end -}}
