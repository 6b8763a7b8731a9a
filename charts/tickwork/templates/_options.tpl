{{/* The operator's options file, as JSON. */}}
{{- define "tickwork.options" -}}
{{- $images := dict -}}
{{- range $name := list "services" "conductor" -}}
{{- $_ := set $images $name (include "tickwork.image" (dict "root" $ "name" $name)) -}}
{{- end -}}
{{- $secrets := list -}}
{{- range .Values.imagePullSecrets -}}
{{- $secrets = append $secrets .name -}}
{{- end -}}
{{- $sink := dict "kind" .Values.sink.kind "keepSeconds" (int .Values.sink.keepSeconds) -}}
{{- if eq .Values.sink.kind "pvc" -}}
{{- $sink = dict "kind" "pvc" "claim" .Values.sink.claim -}}
{{- end -}}
{{- $policy := dict "metricsFrom" (include "tickwork.metricsFrom" . | fromJsonArray) "apiServer" (include "tickwork.apiServerPeers" . | fromJsonArray) "apiServerPorts" .Values.networkPolicy.apiServer.ports -}}
{{- $options := dict
  "images" $images
  "pullPolicy" .Values.image.pullPolicy
  "pullSecrets" $secrets
  "tlsSecret" (ternary .Values.mtls.secretName nil .Values.mtls.enabled)
  "namespaces" (ternary (include "tickwork.namespaces" . | fromJsonArray) nil .Values.watch.namespaced)
  "sink" $sink
  "metricsPort" (int .Values.operator.metricsPort)
  "healthPort" (int .Values.operator.healthPort)
  "extraLabels" .Values.extraLabels
  "networkPolicy" (ternary $policy nil .Values.networkPolicy.enabled)
-}}
{{- toPrettyJson $options -}}
{{- end -}}

{{/* Who may scrape: pods of the namespaces selected, as a JSON list of NetworkPolicyPeers. */}}
{{- define "tickwork.metricsFrom" -}}
{{- toJson (list (dict "namespaceSelector" .Values.monitoring.namespaceSelector)) -}}
{{- end -}}

{{/* Where the API server is, as a JSON list of NetworkPolicyPeers; empty: anywhere. */}}
{{- define "tickwork.apiServerPeers" -}}
{{- toJson .Values.networkPolicy.apiServer.peers -}}
{{- end -}}

{{/* Egress rules of whoever calls the API server: names, then the server. */}}
{{- define "tickwork.apiServerEgress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
- ports:
    {{- range .Values.networkPolicy.apiServer.ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicy.apiServer.peers }}
  to: {{ toJson . }}
  {{- end }}
{{- end -}}
