{{/* Name of the test's objects and of its Experiment, whose names may have forty characters. */}}
{{- define "tickwork.testName" -}}
{{- printf "%s-test" (include "tickwork.fullname" . | trunc 35 | trimSuffix "-") -}}
{{- end -}}

{{/* Takes (dict "root" . "weight" TEXT): head of an object that lives as long as the test. */}}
{{- define "tickwork.testMetadata" -}}
name: {{ include "tickwork.testName" .root | quote }}
namespace: {{ include "tickwork.homeNamespace" .root | quote }}
labels:
  {{- include "tickwork.labels" (dict "root" .root "component" "test") | nindent 2 }}
annotations:
  helm.sh/hook: test
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
