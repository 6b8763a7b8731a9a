# Every image of Tickwork: targets services, conductor and operator.
#
# A final stage holds an interpreter, the packages of one lock, and nothing else: no shell, no
# package manager, no compiler. Both bases are tags here, so that any registry or a local stand-in
# can serve them; a release passes what the tag meant that day, as in
# `--build-arg PYTHON_IMAGE=docker.io/library/python@sha256:…` (tools/images.sh prints it).
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm

FROM ${RUST_IMAGE} AS toolchain

# -- build: a compiler, uv, and the wheels of every member ------------------------------------------
FROM ${PYTHON_IMAGE} AS build
# The linker's patch level does not reach the wheel, and none of it reaches an image.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=toolchain /usr/local/cargo /usr/local/cargo
COPY --from=toolchain /usr/local/rustup /usr/local/rustup
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup \
    PATH=/opt/uv/bin:/usr/local/cargo/bin:/usr/local/bin:/usr/bin:/bin
COPY tools/images/network.sh /build/network.sh
COPY requirements/uv.txt requirements/build.txt /build/requirements/
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh \
    && python3 -m venv /opt/uv \
    && /opt/uv/bin/pip install --quiet --no-cache-dir --require-hashes \
        -r /build/requirements/uv.txt
COPY Cargo.toml Cargo.lock /build/
COPY rust /build/rust
WORKDIR /build
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    --mount=type=secret,id=cargo,target=/usr/local/cargo/config.toml \
    --mount=type=cache,target=/build/target --mount=type=cache,target=/usr/local/cargo/registry \
    . /build/network.sh \
    && CARGO_PROFILE_RELEASE_STRIP=symbols CARGO_PROFILE_RELEASE_DEBUG=false \
        MATURIN_PEP517_ARGS=--locked \
        uv build --quiet --no-cache --no-python-downloads --wheel --out-dir /wheels \
        --build-constraints requirements/build.txt --require-hashes rust/py
COPY pyproject.toml LICENSE README.md /build/
COPY proto /build/proto
COPY services /build/services
COPY operator /build/operator
COPY analysis /build/analysis
COPY cli /build/cli
COPY src /build/src
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh \
    && for member in . proto services operator analysis cli; do \
        uv build --quiet --no-cache --no-python-downloads --wheel --out-dir /wheels \
            --build-constraints requirements/build.txt --require-hashes "$member" || exit 1; \
    done
COPY requirements /build/requirements
COPY tools/images /build/tools/images

# -- one root file system each ----------------------------------------------------------------------
FROM build AS services-root
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh \
    && tools/images/root.sh services \
        tickwork tickwork-proto tickwork-native tickwork-services

FROM build AS conductor-root
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh \
    && tools/images/root.sh conductor \
        tickwork tickwork-proto tickwork-analysis tickwork-cli

FROM build AS operator-root
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh \
    && tools/images/root.sh operator \
        tickwork tickwork-proto tickwork-operator

# -- the images -------------------------------------------------------------------------------------
FROM scratch AS services
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="tickwork services" \
    org.opencontainers.image.description="The data plane of Tickwork: any unit of an experiment" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.vendor="tickwork" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
COPY --from=services-root /rootfs /
ENV PATH=/opt/tickwork/bin LANG=C.UTF-8
USER 65532:65532
ENTRYPOINT ["/opt/tickwork/bin/python", "-PuB", "-m", "tickwork_services"]

FROM scratch AS conductor
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="tickwork conductor" \
    org.opencontainers.image.description="The command line of Tickwork: conducts and analyses" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.vendor="tickwork" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
COPY --from=conductor-root /rootfs /
ENV PATH=/opt/tickwork/bin LANG=C.UTF-8
USER 65532:65532
ENTRYPOINT ["/opt/tickwork/bin/python", "-PuB", "-m", "tickwork_cli.main"]

FROM scratch AS operator
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="tickwork operator" \
    org.opencontainers.image.description="Runs Experiments of Tickwork on Kubernetes" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.vendor="tickwork" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
COPY --from=operator-root /rootfs /
ENV PATH=/opt/tickwork/bin LANG=C.UTF-8
USER 65532:65532
ENTRYPOINT ["/opt/tickwork/bin/python", "-PuB", "-m", "tickwork_operator"]
