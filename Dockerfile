# One image for every role: `worker`, `bridge`, or all in one. What a start would build is built here, so that a container
# builds nothing, needs no compiler and can have a read-only root.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY . .
RUN node scripts/build.mjs

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
# Logs, and the keys by which payloads of earlier tokens are known; the record itself is in Postgres and Temporal.
# And what a signer shares and keeps (docs/architecture/signer.md): a new volume takes its owner and mode from here.
RUN install -d -o 1000 -g 1000 /data \
 && install -d -o 1001 -g 1000 -m 750 /run/driftless-signer \
 && install -d -o 1001 -g 1001 -m 700 /var/lib/driftless-signer
# By number, so that Kubernetes sees that it is not root.
USER 1000:1000
ENV DRIFTLESS_HOME=/data HOST=0.0.0.0
EXPOSE 8765
# Node is the first process: signals reach it without a shell in between.
ENTRYPOINT ["node", "scripts/start.mjs"]
