# Validated, not run on a cluster: tests lint this file offline; no test builds the image.
FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/responder
# First what changes seldom: every package at the version and hash of the lock.
COPY requirements/run.txt requirements/
RUN /opt/responder/bin/pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY responder responder
RUN /opt/responder/bin/pip install --no-deps .

FROM python:3.13-slim-bookworm
COPY --from=build /opt/responder /opt/responder
# The root file system may be read-only: only /tmp is written to, and it is HOME.
ENV PATH=/opt/responder/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /tmp
# Console, API and /in/…; metrics and probes.
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["responder"]
CMD ["--help"]
