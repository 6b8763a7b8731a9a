{{/* The operator's options file, as JSON. */}}
{{- define "tickwork.options" -}}
{{- $ports := .Values.operator -}}
{{- if eq (int $ports.metricsPort) (int $ports.healthPort) -}}
{{- fail (printf "operator.metricsPort and operator.healthPort are both %d, and one port serves one of them. Choose two." (int $ports.healthPort)) -}}
{{- end -}}
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
{{- $policies := dict
  "enabled" .Values.networkPolicy.enabled
  "monitoringNamespace" (default nil .Values.monitoring.namespace)
  "dnsNamespace" .Values.networkPolicy.dnsNamespace
  "apiPorts" .Values.networkPolicy.apiServerPorts
-}}
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
  "networkPolicies" $policies
-}}
{{- toPrettyJson $options -}}
{{- end -}}

{{/* Egress rules of whoever calls the API server: names, then the server. */}}
{{- define "tickwork.apiServerEgress" -}}
- to:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: {{ .Values.networkPolicy.dnsNamespace | quote }}}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end -}}
