{{/* Names, labels and images: what every other template includes. */}}

{{- define "tickwork.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tickwork.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "tickwork.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Name of an object that has no namespace: two releases of one name must not meet. */}}
{{- define "tickwork.clusterName" -}}
{{- printf "%s-%s" (include "tickwork.fullname" .) .Release.Namespace | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "tickwork.serviceAccount" -}}
{{- default (printf "%s-operator" (include "tickwork.fullname" .)) .Values.serviceAccount.name -}}
{{- end -}}

{{/* Takes (dict "root" . "component" NAME). These never change between versions. */}}
{{- define "tickwork.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tickwork.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end -}}

{{/*
Takes (dict "root" . "component" NAME), and "named" (the path of a value) where that value holds
more labels, which win over extraLabels.
*/}}
{{- define "tickwork.labels" -}}
{{- $root := .root -}}
{{- $own := include "tickwork.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "tickwork" -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $chart := printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" -}}
{{- $_ := set $own "helm.sh/chart" $chart -}}
{{- $named := list "extraLabels" -}}
{{- with .named -}}
{{- $named = append $named . -}}
{{- end -}}
{{- include "tickwork.joined" (dict "root" $root "own" $own "named" $named) -}}
{{- end -}}

{{/*
Takes (dict "root" . "own" DICT "named" LIST): labels or annotations of the chart's own, and those
of the values at the paths of "named", of which a later one wins. Nobody takes a key that is the
chart's own: in YAML it would stand twice.
*/}}
{{- define "tickwork.joined" -}}
{{- $own := .own -}}
{{- $root := .root -}}
{{- $made := deepCopy $own -}}
{{- range $path := .named -}}
{{- $found := $root.Values -}}
{{- range $step := splitList "." $path -}}
{{- $found = get $found $step -}}
{{- end -}}
{{- range $key, $value := default dict $found -}}
{{- $first := first (splitList "/" $key) -}}
{{- $ours := and (eq $path "extraLabels") (has $first (list "tickwork.dev" "rbac.authorization.k8s.io")) -}}
{{- if or $ours (hasKey $own $key) -}}
{{- fail (printf "%s holds %q, which is set by Tickwork itself. Take another key." $path $key) -}}
{{- end -}}
{{- $_ := set $made $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $made -}}
{{- end -}}

{{/* Takes (dict "root" . "name" IMAGE): by digest where one is given, else by tag. */}}
{{- define "tickwork.image" -}}
{{- $image := .root.Values.image -}}
{{- $path := printf "tickwork/%s" .name -}}
{{- if $image.registry -}}
{{- $path = printf "%s/%s" (trimSuffix "/" $image.registry) $path -}}
{{- end -}}
{{- $digest := get $image.digest .name -}}
{{- if $digest -}}
{{- printf "%s@%s" $path $digest -}}
{{- else -}}
{{- printf "%s:%s" $path (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The watched namespaces as a JSON list: those named, else the release's; null for all. */}}
{{- define "tickwork.namespaces" -}}
{{- if not .Values.watch.namespaced -}}
null
{{- else if .Values.watch.namespaces -}}
{{- toJson (uniq .Values.watch.namespaces | sortAlpha) -}}
{{- else -}}
{{- toJson (list .Release.Namespace) -}}
{{- end -}}
{{- end -}}

{{/* Namespaces that get namespaced objects of ours (certificates, policies), as a JSON list. */}}
{{- define "tickwork.servedNamespaces" -}}
{{- if .Values.watch.namespaced -}}
{{- include "tickwork.namespaces" . -}}
{{- else -}}
{{- toJson (concat (list .Release.Namespace) .Values.watch.namespaces | uniq | sortAlpha) -}}
{{- end -}}
{{- end -}}

{{/* Where the chart's own Experiments live: the release's namespace where it is watched. */}}
{{- define "tickwork.homeNamespace" -}}
{{- $served := include "tickwork.servedNamespaces" . | fromJsonArray -}}
{{- ternary .Release.Namespace (first $served) (has .Release.Namespace $served) -}}
{{- end -}}

{{/* What the operator's account may do in every namespace whose Experiments it runs. */}}
{{- define "tickwork.operatorRules" -}}
{{- .Files.Get "files/operator_rules.yaml" | fromYamlArray | toYaml -}}
{{- end -}}

{{/*
Whose the custom resource definition is that stands in the cluster: empty for none, or this
release's. What is somebody else's is left to them: two releases may use one definition.
*/}}
{{- define "tickwork.crdOwner" -}}
{{- $found := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "experiments.tickwork.dev" -}}
{{- if $found -}}
{{- $marks := default dict $found.metadata.annotations -}}
{{- $name := get $marks "meta.helm.sh/release-name" -}}
{{- $namespace := get $marks "meta.helm.sh/release-namespace" -}}
{{- if not $name -}}
somebody who applied it without Helm
{{- else if not (and (eq $name .Release.Name) (eq $namespace .Release.Namespace)) -}}
release {{ $name }} in namespace {{ $namespace }}
{{- end -}}
{{- end -}}
{{- end -}}
