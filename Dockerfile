# One image for every role: `worker`, `bridge`, or all in one.
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY . .
# Bundles, page, logs and token of a container; the record itself is in Postgres and Temporal.
RUN mkdir -p /data && chown node:node /data
USER node
ENV DRIFTLESS_HOME=/data HOST=0.0.0.0
EXPOSE 8765
# Node is the first process: signals reach it without a shell in between.
ENTRYPOINT ["node", "scripts/start.mjs"]
