FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv && pip install --quiet uv==0.13.9
ENV VIRTUAL_ENV=/venv
WORKDIR /build
# What running needs, in the versions of the lock; what only developing needs stays out.
COPY pyproject.toml requirements.lock ./
RUN uv pip install --quiet --no-cache --compile-bytecode --requirement pyproject.toml --constraint requirements.lock
COPY . .
RUN uv pip install --quiet --no-cache --compile-bytecode --no-deps .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home guiche \
    && install --directory --owner=guiche /var/lib/guiche/files
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    GUICHE_ENV=production HOST=0.0.0.0 PORT=8000
WORKDIR /var/lib/guiche
USER guiche
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["guiche"]
CMD ["serve"]
