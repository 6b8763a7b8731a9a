#!/bin/bash
# workflows.sh BIN: lints workflows, scripts and Dockerfiles; asks no network.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
PATH=$(realpath "${1:?usage: tools/workflows.sh BIN, the folder of the linters}"):$PATH
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
mapfile -t dockerfiles < <(git ls-files '*Dockerfile')
set -x
actionlint
zizmor --quiet --offline --strict-collection .github
check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/{defect,wish}.yml
yamllint --strict .github compose.yaml .*.yaml
shellcheck "${scripts[@]}"
hadolint "${dockerfiles[@]}"
