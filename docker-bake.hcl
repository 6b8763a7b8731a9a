// docker buildx bake: every image for both architectures, with SBOM and provenance.
//
//   VERSION=0.1.0 REVISION=$(git rev-parse HEAD) docker buildx bake            builds all
//   PUSH=true docker buildx bake                                              and pushes them
variable "PREFIX" { default = "docker.io/tickwork" }
variable "VERSION" { default = "0.1.0" }
variable "REVISION" { default = "unknown" }
variable "CREATED" { default = "1970-01-01T00:00:00Z" }
variable "SOURCE_DATE_EPOCH" { default = "0" }
variable "PYTHON_IMAGE" { default = "docker.io/library/python:3.11-slim" }
variable "RUST_IMAGE" { default = "docker.io/library/rust:1.95.0-slim-bookworm" }
variable "PUSH" { default = "false" }

// A component is a name of the one image that holds them all; the digest is the same.
variable "COMPONENTS" {
  default = ["forwarder", "normalizer", "book", "publisher", "consumer", "recorder", "venue-twin"]
}

function "tags" {
  params = [name]
  result = ["${PREFIX}/${name}:${VERSION}", "${PREFIX}/${name}:${substr(REVISION, 0, 12)}"]
}

group "default" { targets = ["services", "conductor", "operator"] }

target "image" {
  context    = "."
  dockerfile = "Dockerfile"
  platforms  = ["linux/amd64", "linux/arm64"]
  args = {
    VERSION           = VERSION
    REVISION          = REVISION
    CREATED           = CREATED
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
    PYTHON_IMAGE      = PYTHON_IMAGE
    RUST_IMAGE        = RUST_IMAGE
  }
  attest = ["type=provenance,mode=max", "type=sbom"]
  output = ["type=image,push=${PUSH},rewrite-timestamp=true"]
}

target "services" {
  inherits = ["image"]
  target   = "services"
  tags     = concat(tags("services"), flatten([for name in COMPONENTS : tags(name)]))
}

target "conductor" {
  inherits = ["image"]
  target   = "conductor"
  tags     = tags("conductor")
}

target "operator" {
  inherits = ["image"]
  target   = "operator"
  tags     = tags("operator")
}
