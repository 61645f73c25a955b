# impasto without PyTorch, for painting in one pass:
#
#     docker build --tag impasto .
#     docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/photos" \
#         impasto stylize photo.jpg --style great-wave
#
# With the slow engine: docker build --build-arg EXTRA="[torch]" --tag impasto .
FROM python:3.12-slim AS build
ARG EXTRA=""
COPY pyproject.toml README.md LICENSE /source/
COPY src /source/src
RUN python -m venv /opt/impasto \
    && /opt/impasto/bin/python -m pip install --no-cache-dir "/source${EXTRA}"

FROM python:3.12-slim
COPY --from=build /opt/impasto /opt/impasto
# The user owns nothing, not even a home: whatever is painted goes to a folder from outside.
RUN useradd --uid 1000 --no-create-home --home-dir /home/impasto impasto \
    && install --directory --mode 555 /home/impasto
ENV PATH=/opt/impasto/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER impasto
WORKDIR /photos
ENTRYPOINT ["impasto"]
CMD ["--help"]
