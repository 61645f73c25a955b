# impasto without PyTorch, for painting in one pass:
#
#     docker build --tag impasto .
#     docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/photos" \
#         impasto stylize photo.jpg --style great-wave
#
# The studio and the HTTP API, on port 7860:
#
#     docker build --target web --tag impasto-web .
#     docker run --rm --read-only --tmpfs /tmp --publish 127.0.0.1:7860:7860 impasto-web
#
# With the slow engine: docker build --build-arg EXTRA="[torch]" --tag impasto .
FROM python:3.12-slim AS build
ARG EXTRA=""
COPY pyproject.toml README.md LICENSE /source/
COPY src /source/src
RUN python -m venv /opt/impasto \
    && /opt/impasto/bin/python -m pip install --no-cache-dir "/source${EXTRA}"

# With what the studio and the HTTP API need.
FROM build AS build-web
RUN /opt/impasto/bin/python -m pip install --no-cache-dir "/source[web]"

FROM python:3.12-slim AS base
# The user owns nothing, not even a home: whatever is painted goes to a folder from outside.
RUN useradd --uid 1000 --no-create-home --home-dir /home/impasto impasto \
    && install --directory --mode 555 /home/impasto
ENV PATH=/opt/impasto/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER impasto
WORKDIR /photos
ENTRYPOINT ["impasto"]

FROM base AS web
COPY --from=build-web /opt/impasto /opt/impasto
EXPOSE 7860
CMD ["web", "--host", "0.0.0.0", "--no-browser"]

FROM base
COPY --from=build /opt/impasto /opt/impasto
CMD ["--help"]
