# Every image of Tickwork: targets services, conductor and operator.
#
# A final stage holds an interpreter, the packages of one lock, and nothing else: no shell, no
# package manager, no compiler. Both bases are tags here, so that any registry or a local stand-in
# can serve them; a release passes what the tag meant that day, as in
# `--build-arg PYTHON_IMAGE=docker.io/library/python@sha256:…` (tools/images.sh prints it).
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm

FROM ${RUST_IMAGE} AS toolchain

# -- uv, from its hashed lock -----------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS uv
WORKDIR /build
COPY tools/images/network.sh /build/network.sh
COPY requirements/uv.txt requirements/build.txt /build/requirements/
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh \
    && python3 -m venv /opt/uv \
    && /opt/uv/bin/pip install --quiet --no-cache-dir --require-hashes \
        -r /build/requirements/uv.txt
ENV PATH=/opt/uv/bin:/usr/local/bin:/usr/bin:/bin UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never

# -- the native wheel, from the locked toolchain and the locked crates ------------------------------
FROM uv AS native
# The linker's patch level does not reach the wheel, and none of it reaches an image.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=toolchain /usr/local/cargo /usr/local/cargo
COPY --from=toolchain /usr/local/rustup /usr/local/rustup
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup \
    PATH=/opt/uv/bin:/usr/local/cargo/bin:/usr/local/bin:/usr/bin:/bin
COPY Cargo.toml Cargo.lock /build/
COPY rust /build/rust
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    --mount=type=secret,id=cargo,target=/usr/local/cargo/config.toml \
    --mount=type=cache,target=/build/target --mount=type=cache,target=/usr/local/cargo/registry \
    . /build/network.sh \
    && CARGO_PROFILE_RELEASE_STRIP=symbols CARGO_PROFILE_RELEASE_DEBUG=false \
        MATURIN_PEP517_ARGS=--locked \
        uv build --quiet --wheel --out-dir /wheels \
        --build-constraints requirements/build.txt --require-hashes rust/py

# -- the wheels of the other members ----------------------------------------------------------------
FROM uv AS members
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
        uv build --quiet --wheel --out-dir /wheels \
            --build-constraints requirements/build.txt --require-hashes "$member" || exit 1; \
    done

# -- one root file system each: first what the lock names, which changes seldom ---------------------
FROM uv AS services-root
COPY requirements/services.txt tools/images/lock.sh /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh && ./lock.sh services.txt
COPY --from=members /wheels /wheels
COPY --from=native /wheels /wheels
COPY tools/images/root.sh tools/images/rootfs.py /build/
RUN ./root.sh tickwork tickwork-proto tickwork-native tickwork-services

FROM uv AS conductor-root
COPY requirements/conductor.txt tools/images/lock.sh /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh && ./lock.sh conductor.txt
COPY --from=members /wheels /wheels
COPY tools/images/root.sh tools/images/rootfs.py /build/
RUN ./root.sh tickwork tickwork-proto tickwork-analysis tickwork-cli

FROM uv AS operator-root
COPY requirements/operator.txt tools/images/lock.sh /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=network \
    . /build/network.sh && ./lock.sh operator.txt
COPY --from=members /wheels /wheels
COPY tools/images/root.sh tools/images/rootfs.py /build/
RUN ./root.sh tickwork tickwork-proto tickwork-operator

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
COPY --from=services-root --chown=65532:65532 /state /run/tickwork
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
COPY --from=conductor-root --chown=65532:65532 /state /run/tickwork
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
