{{/* What every pod of this chart has: nothing of it can be taken away by values. */}}

{{- define "tickwork.podSettings" -}}
automountServiceAccountToken: true
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.operator.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.operator.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tickwork.containerSettings" -}}
image: {{ include "tickwork.image" (dict "root" . "name" "operator") | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
{{- end -}}

{{/* A pod that runs one script of files/ and ends. Takes (dict "root" . "name" NAME "seconds" INT "command" LIST). */}}
{{- define "tickwork.scriptPod" -}}
restartPolicy: {{ default "Never" .restart }}
serviceAccountName: {{ .name | quote }}
activeDeadlineSeconds: {{ .seconds }}
{{ include "tickwork.podSettings" .root }}
containers:
  - name: script
    {{- include "tickwork.containerSettings" .root | nindent 4 }}
    command: {{ toJson (prepend .command "python") }}
    resources:
      requests: {cpu: 20m, memory: 48Mi}
      limits: {cpu: 500m, memory: 96Mi}
    volumeMounts:
      - {name: files, mountPath: /etc/tickwork, readOnly: true}
volumes:
  - name: files
    configMap: {name: {{ .name | quote }}}
{{- end -}}

{{/* Why checkers' complaints of such a pod do not hold, as checkov reads it. */}}
{{- define "tickwork.scriptSkips" -}}
checkov.io/skip1: CKV_K8S_43=A release names its images by tag, or by digest where image.digest is set
checkov.io/skip2: CKV_K8S_38=The script calls the API server, that is its work
checkov.io/skip3: CKV_K8S_8=The pod ends by itself
checkov.io/skip4: CKV_K8S_9=The pod ends by itself and serves nothing
checkov.io/skip5: CKV_K8S_15=Tags are never moved, so a present image is the right one
{{- end -}}
